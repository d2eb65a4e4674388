"""The OpenID Connect calls of python-keycloak, as an application written for Keycloak makes them."""

from __future__ import annotations

import unittest
import urllib.parse

from keycloak import KeycloakOpenID
from keycloak.exceptions import KeycloakAuthenticationError, KeycloakPostError

from cookie_agent import Agent
from palatine_server import PalatineServer

DEV_USER = {"username": "dev@example.com", "password": "dev-password-123"}
REDIRECT_URI = "http://localhost:3000/callback"
SCOPE = "openid profile email"


def setUpModule() -> None:
    global server
    server = PalatineServer("python-keycloak")
    unittest.addModuleCleanup(server.stop)


def client_of(client_id: str, secret: str) -> KeycloakOpenID:
    """A client of the `dev` realm; the server's URL is what the library appends `realms/…` to."""
    return KeycloakOpenID(
        server_url=f"{server.public_url}/", realm_name="dev", client_id=client_id, client_secret_key=secret
    )


class Person(unittest.TestCase):
    def setUp(self) -> None:
        self.client = client_of("test-app", "test-secret")

    def sign_in(self, scope: str = SCOPE) -> dict:
        url = self.client.auth_url(redirect_uri=REDIRECT_URI, scope=scope, state="kept", nonce="once")
        answer = Agent().authorize(url, redirect_uri=REDIRECT_URI, **DEV_USER)
        self.assertEqual(answer.parameters["state"], "kept")
        return self.client.token(
            grant_type="authorization_code", code=answer.parameters["code"], redirect_uri=REDIRECT_URI
        )

    def test_the_discovery_document_names_the_endpoints_that_the_library_calls(self) -> None:
        document = self.client.well_known()

        base = f"{server.issuer('dev')}/protocol/openid-connect"
        self.assertEqual(document["issuer"], server.issuer("dev"))
        self.assertEqual(document["token_endpoint"], f"{base}/token")
        self.assertEqual(document["end_session_endpoint"], f"{base}/logout")

    def test_a_person_signs_in_and_userinfo_knows_them(self) -> None:
        token = self.sign_in()

        person = self.client.userinfo(token["access_token"])

        self.assertEqual(person["email"], DEV_USER["username"])
        self.assertEqual(person["name"], "Dev User")

    def test_the_library_verifies_both_tokens_with_the_served_keys(self) -> None:
        token = self.sign_in()

        identity = self.client.decode_token(token["id_token"])
        access = self.client.decode_token(token["access_token"])

        self.assertEqual(identity["nonce"], "once")
        self.assertEqual(identity["sub"], access["sub"])
        self.assertEqual(identity["sid"], access["sid"])
        self.assertEqual(access["azp"], "test-app")

    def test_the_realm_page_gives_a_public_key(self) -> None:
        self.assertGreater(len(self.client.public_key()), 100)

    def test_refreshing_gives_new_tokens_of_the_same_session(self) -> None:
        token = self.sign_in()

        renewed = self.client.refresh_token(token["refresh_token"])

        self.assertNotEqual(renewed["refresh_token"], token["refresh_token"])
        session = self.client.decode_token(token["id_token"])["sid"]
        self.assertEqual(self.client.decode_token(renewed["id_token"])["sid"], session)

    def test_signing_out_with_the_refresh_token_ends_the_session(self) -> None:
        token = self.sign_in()

        self.client.logout(token["refresh_token"])

        self.assertEqual(self.client.introspect(token["access_token"])["active"], False)
        with self.assertRaises(KeycloakPostError) as refused:
            self.client.refresh_token(token["refresh_token"])
        self.assertEqual(refused.exception.response_code, 400)

    def test_introspection_says_whose_token_it_is(self) -> None:
        token = self.sign_in()

        known = self.client.introspect(token["access_token"])

        self.assertTrue(known["active"])
        self.assertEqual(known["client_id"], "test-app")
        self.assertEqual(set(known["scope"].split()), set(SCOPE.split()))

    def test_the_address_that_begins_a_sign_in_carries_what_was_asked(self) -> None:
        url = self.client.auth_url(redirect_uri=REDIRECT_URI, scope=SCOPE, state="s", nonce="n")

        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        self.assertEqual(asked["response_type"], "code")
        self.assertEqual(asked["scope"], SCOPE)


class Password(unittest.TestCase):
    def setUp(self) -> None:
        self.client = client_of("legacy-app", "legacy-secret")

    def test_a_name_and_a_password_get_tokens_where_an_admin_allowed_it(self) -> None:
        token = self.client.token(DEV_USER["username"], DEV_USER["password"], scope=SCOPE)

        self.assertEqual(self.client.userinfo(token["access_token"])["name"], "Dev User")
        renewed = self.client.refresh_token(token["refresh_token"])
        sessions = [self.client.decode_token(each["access_token"])["sid"] for each in (token, renewed)]
        self.assertEqual(sessions[0], sessions[1])

    def test_a_wrong_password_and_a_client_that_may_not_are_refused(self) -> None:
        with self.assertRaises(KeycloakPostError) as wrong:
            self.client.token(DEV_USER["username"], "wrong")
        with self.assertRaises(KeycloakPostError) as not_allowed:
            client_of("test-app", "test-secret").token(**DEV_USER)

        self.assertIn("invalid_grant", str(wrong.exception))
        self.assertIn("unauthorized_client", str(not_allowed.exception))


class Service(unittest.TestCase):
    def test_a_service_gets_a_token_for_itself(self) -> None:
        client = client_of("notification-service", "notification-secret")

        # The library's own default is `openid`, which a service without a person is not allowed.
        token = client.token(grant_type="client_credentials", scope="read:users")

        claims = client.decode_token(token["access_token"])
        self.assertEqual(claims["sub"], "notification-service")
        self.assertEqual(claims["aud"], "api-gateway")
        self.assertEqual(claims["scope"], "read:users")
        self.assertNotIn("refresh_token", token)

    def test_a_wrong_secret_is_an_authentication_error(self) -> None:
        with self.assertRaises(KeycloakAuthenticationError) as refused:
            client_of("notification-service", "wrong").token(grant_type="client_credentials")

        self.assertEqual(refused.exception.response_code, 401)


if __name__ == "__main__":
    unittest.main()
