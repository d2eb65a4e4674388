"""A web application with a backend, written the way authlib's documentation shows."""

from __future__ import annotations

import flask
from authlib.integrations.flask_client import OAuth

from actors import TEST_APP


def create_application(issuer: str) -> flask.Flask:
    """An application that signs people in at ``issuer`` and shows what it learned about them."""
    application = flask.Flask("web-application")
    application.secret_key = "only-for-this-process"
    oauth = OAuth(application)
    oauth.register(
        "palatine",
        client_id=TEST_APP.client_id,
        client_secret=TEST_APP.secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": TEST_APP.scope, "code_challenge_method": "S256"},
    )

    @application.get("/login")
    def login() -> flask.Response:
        return oauth.palatine.authorize_redirect(TEST_APP.redirect_uri, **flask.request.args)

    @application.route("/callback", methods=["GET", "POST"])
    def callback() -> dict:
        # Exchanges the code, checks `state`, and verifies the ID token: signature, iss, aud, exp, nonce, at_hash.
        token = oauth.palatine.authorize_access_token()
        return {"token": token, "userinfo": oauth.palatine.userinfo(token=token)}

    return application
