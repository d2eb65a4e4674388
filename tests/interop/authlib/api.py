"""An API that accepts access tokens addressed to itself alone, protected by authlib."""

from __future__ import annotations

import flask
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator

from actors import get_json


class _RealmTokens(JWTBearerTokenValidator):
    """RFC 9068: the realm's keys, its issuer, this API's identifier, ``typ: at+jwt``."""

    def __init__(self, issuer: str, identifier: str, jwks_uri: str) -> None:
        super().__init__(issuer, identifier)
        self._jwks_uri = jwks_uri

    def get_jwks(self) -> dict:
        return get_json(self._jwks_uri)


def create_api(issuer: str, identifier: str, scope: str) -> flask.Flask:
    """An API whose ``/orders`` needs ``scope``."""
    metadata = get_json(f"{issuer}/.well-known/openid-configuration")
    api = flask.Flask(identifier)
    require_oauth = ResourceProtector()
    require_oauth.register_token_validator(_RealmTokens(issuer, identifier, metadata["jwks_uri"]))

    @api.get("/orders")
    @require_oauth(scope)
    def orders() -> dict:
        return {"caller": current_token["sub"]}

    return api


def status_for(api: flask.Flask, token: str) -> int:
    """How the API answers a call with this token."""
    return api.test_client().get("/orders", headers={"Authorization": f"Bearer {token}"}).status_code
