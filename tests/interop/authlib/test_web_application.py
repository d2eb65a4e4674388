"""A web application with a backend, a mobile application: what authlib does with a person's tokens."""

from __future__ import annotations

import unittest
import urllib.parse

import requests
from authlib.integrations.base_client import OAuthError
from authlib.oidc.core import CodeIDToken

from actors import DEV_USER, MOBILE_APP, TEST_APP, Realm, bearer
from cookie_agent import Agent, Answer, Page
from palatine_server import PalatineServer
from web_application import create_application


def setUpModule() -> None:
    global server, realm
    server = PalatineServer("authlib-web-application")
    unittest.addModuleCleanup(server.stop)
    realm = Realm(server.issuer("dev"))


class FlaskApplication(unittest.TestCase):
    def setUp(self) -> None:
        self.visitor = create_application(realm.issuer).test_client()

    def begin(self, **parameters: str) -> str:
        answer = self.visitor.get("/login", query_string=parameters)
        self.assertEqual(answer.status_code, 302)
        return answer.headers["Location"]

    def test_a_person_signs_in_and_the_application_knows_who_it_is(self) -> None:
        answer = Agent().authorize(self.begin(), DEV_USER.username, DEV_USER.password, TEST_APP.redirect_uri)

        shown = self.visitor.get("/callback", query_string=answer.parameters)

        self.assertEqual(shown.status_code, 200)
        identity, person = shown.json["token"]["userinfo"], shown.json["userinfo"]
        self.assertEqual(identity["iss"], realm.issuer)
        self.assertEqual(identity["aud"], TEST_APP.client_id)
        self.assertEqual(person["sub"], identity["sub"])
        self.assertEqual(person["email"], DEV_USER.username)
        self.assertEqual(person["name"], "Dev User")

    def test_form_post_brings_the_same_answer(self) -> None:
        url = self.begin(response_mode="form_post")
        answer = Agent().authorize(url, DEV_USER.username, DEV_USER.password, TEST_APP.redirect_uri)

        self.assertTrue(answer.posted)
        shown = self.visitor.post("/callback", data=answer.parameters)

        self.assertEqual(shown.json["userinfo"]["email"], DEV_USER.username)

    def test_an_answer_with_another_state_is_not_accepted_by_the_application(self) -> None:
        answer = Agent().authorize(self.begin(), DEV_USER.username, DEV_USER.password, TEST_APP.redirect_uri)
        self.visitor.application.testing = True

        with self.assertRaises(OAuthError):
            self.visitor.get("/callback", query_string={**answer.parameters, "state": "another"})

    def test_a_wrong_password_never_reaches_the_application(self) -> None:
        agent = Agent()
        page = agent.open(self.begin(), TEST_APP.redirect_uri)
        credentials = {"username": DEV_USER.username, "password": "wrong"}

        again = agent.submit(page.form_with("password"), "login", credentials, TEST_APP.redirect_uri)

        self.assertIsInstance(again, Page)
        self.assertEqual(again.form_with("password").value("username"), DEV_USER.username)


class Tokens(unittest.TestCase):
    def test_the_id_token_passes_every_check_of_the_library(self) -> None:
        signed_in = realm.sign_in(TEST_APP, DEV_USER)
        decoded = realm.decode(signed_in.token["id_token"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {"iss": {"values": [realm.issuer]}, "aud": {"essential": True, "value": TEST_APP.client_id}},
            {
                "nonce": signed_in.nonce,
                "client_id": TEST_APP.client_id,
                "access_token": signed_in.token["access_token"],
                "max_age": 300,
            },
        )

        claims.validate()

        self.assertIn("at_hash", claims)
        self.assertEqual(decoded.header["alg"], "RS256")

    def test_the_access_token_is_rfc_9068_and_addressed_to_the_client_where_no_api_is_asked_for(self) -> None:
        decoded = realm.decode(realm.sign_in(TEST_APP, DEV_USER).token["access_token"])

        self.assertEqual(decoded.header["typ"], "at+jwt")
        self.assertEqual(decoded.claims["aud"], TEST_APP.client_id)
        self.assertEqual(decoded.claims["token_use"], "user")
        self.assertIsInstance(decoded.claims["scope"], str)

    def test_a_code_is_bound_to_its_verifier(self) -> None:
        session = realm.session(TEST_APP)
        url, state = session.create_authorization_url(
            realm.metadata["authorization_endpoint"], code_verifier="v" * 64, nonce="n"
        )
        answer = Agent().authorize(url, DEV_USER.username, DEV_USER.password, TEST_APP.redirect_uri)

        with self.assertRaises(OAuthError) as refused:
            session.fetch_token(
                realm.metadata["token_endpoint"],
                authorization_response=answer.url,
                code_verifier="w" * 64,
                state=state,
            )

        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_refresh_rotates_and_the_parent_in_its_window_gives_the_same_successor(self) -> None:
        signed_in = realm.sign_in(TEST_APP, DEV_USER)
        parent = signed_in.token["refresh_token"]
        endpoint = realm.metadata["token_endpoint"]

        first = signed_in.session.refresh_token(endpoint, refresh_token=parent)
        second = signed_in.session.refresh_token(endpoint, refresh_token=parent)

        self.assertNotEqual(first["refresh_token"], parent)
        self.assertEqual(second["refresh_token"], first["refresh_token"])
        self.assertNotEqual(second["access_token"], first["access_token"])

    def test_userinfo_answers_an_access_token_alone(self) -> None:
        token = realm.sign_in(TEST_APP, DEV_USER).token
        endpoint = realm.metadata["userinfo_endpoint"]

        self.assertEqual(bearer(endpoint, token["access_token"]).json()["email"], DEV_USER.username)
        for kind in ("id_token", "refresh_token"):
            with self.subTest(kind):
                self.assertEqual(bearer(endpoint, token[kind]).status_code, 401)

    def test_introspection_follows_revocation(self) -> None:
        signed_in = realm.sign_in(TEST_APP, DEV_USER)
        access = signed_in.token["access_token"]
        endpoint = realm.metadata["introspection_endpoint"]

        self.assertTrue(signed_in.session.introspect_token(endpoint, token=access).json()["active"])
        revoked = signed_in.session.revoke_token(
            realm.metadata["revocation_endpoint"], token=access, token_type_hint="access_token"
        )

        self.assertEqual(revoked.status_code, 200)
        self.assertEqual(signed_in.session.introspect_token(endpoint, token=access).json(), {"active": False})

    def test_end_session_with_the_id_token_signs_out(self) -> None:
        agent = Agent()
        signed_in = realm.sign_in(TEST_APP, DEV_USER, agent)
        query = urllib.parse.urlencode({"id_token_hint": signed_in.token["id_token"]})

        page = agent.open(f"{realm.metadata['end_session_endpoint']}?{query}")

        self.assertIn("You are signed out", page.text)
        with self.assertRaises(OAuthError) as refused:
            signed_in.session.refresh_token(
                realm.metadata["token_endpoint"], refresh_token=signed_in.token["refresh_token"]
            )
        self.assertEqual(refused.exception.error, "invalid_grant")


class MobileApplication(unittest.TestCase):
    def test_a_public_client_signs_in_refreshes_and_revokes_with_its_client_id_alone(self) -> None:
        signed_in = realm.sign_in(MOBILE_APP, DEV_USER)
        session, endpoint = signed_in.session, realm.metadata["token_endpoint"]

        renewed = session.refresh_token(endpoint, refresh_token=signed_in.token["refresh_token"])
        revoked = session.revoke_token(realm.metadata["revocation_endpoint"], token=renewed["refresh_token"])

        self.assertEqual(revoked.status_code, 200)
        with self.assertRaises(OAuthError) as refused:
            session.refresh_token(endpoint, refresh_token=renewed["refresh_token"])
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_a_public_client_without_pkce_gets_no_code(self) -> None:
        query = urllib.parse.urlencode(
            {
                "response_type": "code",
                "client_id": MOBILE_APP.client_id,
                "redirect_uri": MOBILE_APP.redirect_uri,
                "scope": "openid",
                "state": "kept",
            }
        )

        answer = Agent().open(f"{realm.metadata['authorization_endpoint']}?{query}", MOBILE_APP.redirect_uri)

        self.assertIsInstance(answer, Answer)
        self.assertEqual(answer.parameters["error"], "invalid_request")
        self.assertEqual(answer.parameters["state"], "kept")
        self.assertEqual(answer.parameters["iss"], realm.issuer)


class Readiness(unittest.TestCase):
    def test_the_management_port_says_that_the_server_lives_and_is_ready(self) -> None:
        for path in ("/health/live", "/health/ready", "/metrics"):
            with self.subTest(path):
                self.assertEqual(requests.get(server.management_url + path, timeout=30).status_code, 200)


if __name__ == "__main__":
    unittest.main()
