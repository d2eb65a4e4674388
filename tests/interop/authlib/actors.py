"""The clients and people of the demo realms, and the clients that authlib makes of them."""

from __future__ import annotations

import dataclasses
import json

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from cookie_agent import Agent, Answer


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody with a password."""

    username: str
    password: str


@dataclasses.dataclass(frozen=True)
class Application:
    """A registered client. A public one has no secret."""

    client_id: str
    secret: str | None
    scope: str
    redirect_uri: str | None = None


DEV_USER = Person("dev@example.com", "dev-password-123")
JOHN = Person("john@acme.com", "secure123")
JANE = Person("jane@widgets.com", "secure456")

TEST_APP = Application("test-app", "test-secret", "openid profile email", "http://localhost:3000/callback")
MOBILE_APP = Application("mobile-app", None, "openid profile email", "myapp://callback")
ACME_APP = Application("acme-app", "acme-secret", "openid profile email read:api", "https://acme.example.com/callback")
WIDGETS_APP = Application(
    "widgets-app", "widgets-secret", "openid profile email write:api", "https://widgets.example.com/callback"
)
NOTIFICATIONS = Application("notification-service", "notification-secret", "read:users write:notifications")
SERVICE_CLIENT = Application("service-api-client", "s3cr3tK3y123!", "read write")
INTERNAL_SERVICE = Application("internal-service", "Int3rnalK3y!", "read write admin")


class Realm:
    """What a client knows of a realm: its discovery document and its keys."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.metadata = get_json(f"{issuer}/.well-known/openid-configuration")

    def session(self, application: Application, method: str | None = None) -> OAuth2Session:
        """An authlib client. ``method`` is how it authenticates: Basic, unless it has no secret."""
        default = "client_secret_basic" if application.secret else "none"
        session = OAuth2Session(
            application.client_id,
            application.secret,
            token_endpoint_auth_method=method or default,
            revocation_endpoint_auth_method=method or default,
            scope=application.scope,
            redirect_uri=application.redirect_uri,
            code_challenge_method="S256",
        )
        session.headers["Accept-Language"] = "en"
        return session

    def sign_in(self, application: Application, person: Person, agent: Agent | None = None) -> SignedIn:
        """The authorization code flow, by a person with a browser."""
        session = self.session(application)
        verifier, nonce = generate_token(128), generate_token(24)
        url, state = session.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        answer = (agent or Agent()).authorize(url, person.username, person.password, application.redirect_uri)
        token = session.fetch_token(
            self.metadata["token_endpoint"], authorization_response=answer.url, code_verifier=verifier, state=state
        )
        return SignedIn(session, token, nonce, answer)

    def keys(self) -> KeySet:
        """The realm's key set, as an application imports it."""
        return KeySet.import_key_set(get_json(self.metadata["jwks_uri"]))

    def decode(self, token: str) -> jwt.Token:
        """A token whose signature the realm's keys verify."""
        return jwt.decode(token, self.keys(), algorithms=["ES256", "RS256"])


@dataclasses.dataclass
class SignedIn:
    """A client that holds a person's tokens."""

    session: OAuth2Session
    token: dict
    nonce: str
    answer: Answer


def get_json(url: str, **headers: str) -> dict:
    """A public document."""
    answer = requests.get(url, headers=headers, timeout=30)
    answer.raise_for_status()
    return json.loads(answer.text)


def bearer(url: str, token: str) -> requests.Response:
    """A call with an access token."""
    return requests.get(url, headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"}, timeout=30)
