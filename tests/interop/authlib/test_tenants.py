"""Two tenants of one server: nothing of the first is worth anything in the second."""

from __future__ import annotations

import unittest
import urllib.parse

import requests
from authlib.integrations.base_client import OAuthError

from actors import ACME_APP, JANE, JOHN, WIDGETS_APP, Realm, bearer
from api import create_api, status_for
from cookie_agent import Agent, Page
from palatine_server import PalatineServer


def setUpModule() -> None:
    global acme, widgets, johns, janes, johns_browser
    server = PalatineServer("authlib-tenants")
    unittest.addModuleCleanup(server.stop)
    acme, widgets = Realm(server.issuer("acme-corp")), Realm(server.issuer("widgets-inc"))
    johns_browser = Agent()
    johns = acme.sign_in(ACME_APP, JOHN, johns_browser)
    janes = widgets.sign_in(WIDGETS_APP, JANE)


class OwnRealm(unittest.TestCase):
    def test_each_realm_knows_its_people_with_their_custom_fields(self) -> None:
        john = bearer(acme.metadata["userinfo_endpoint"], johns.token["access_token"]).json()
        jane = bearer(widgets.metadata["userinfo_endpoint"], janes.token["access_token"]).json()

        self.assertEqual(john["email"], JOHN.username)
        self.assertEqual(
            (john["department"], john["role"], john["customerId"]), ("engineering", "admin", "cust-acme-1")
        )
        self.assertEqual(jane["email"], JANE.username)
        self.assertEqual((jane["department"], jane["role"], jane["customerId"]), ("sales", "owner", "cust-widgets-1"))

    def test_each_realm_has_its_own_issuer_and_keys(self) -> None:
        for realm, signed_in in ((acme, johns), (widgets, janes)):
            for kind in ("access_token", "id_token"):
                with self.subTest(f"{realm.issuer} {kind}"):
                    self.assertEqual(realm.decode(signed_in.token[kind]).claims["iss"], realm.issuer)
        acme_keys = {key.kid for key in acme.keys().keys}
        self.assertTrue(acme_keys.isdisjoint({key.kid for key in widgets.keys().keys}))

    def test_the_realms_api_accepts_the_realms_token(self) -> None:
        self.assertEqual(
            status_for(create_api(acme.issuer, "acme-api", "read:api"), johns.token["access_token"]), 200
        )


class OtherRealm(unittest.TestCase):
    def test_userinfo_refuses_the_other_realms_token(self) -> None:
        answer = bearer(widgets.metadata["userinfo_endpoint"], johns.token["access_token"])

        self.assertEqual(answer.status_code, 401)
        self.assertNotIn(JOHN.username, answer.text)

    def test_an_api_of_the_other_realm_refuses_the_token(self) -> None:
        for identifier in ("widgets-api", "acme-api"):
            api = create_api(widgets.issuer, identifier, "read:api")
            with self.subTest(identifier):
                self.assertEqual(status_for(api, johns.token["access_token"]), 401)

    def test_introspection_of_the_other_realms_tokens_says_nothing(self) -> None:
        for kind in ("access_token", "refresh_token", "id_token"):
            with self.subTest(kind):
                answer = janes.session.introspect_token(
                    widgets.metadata["introspection_endpoint"], token=johns.token[kind]
                )
                self.assertEqual(answer.json(), {"active": False})

    def test_revocation_in_the_other_realm_revokes_nothing(self) -> None:
        token = acme.sign_in(ACME_APP, JOHN).token["access_token"]

        answer = janes.session.revoke_token(widgets.metadata["revocation_endpoint"], token=token)

        self.assertEqual(answer.status_code, 200)
        known = johns.session.introspect_token(acme.metadata["introspection_endpoint"], token=token)
        self.assertTrue(known.json()["active"])

    def test_a_refresh_token_is_worth_nothing_to_any_client_of_the_other_realm(self) -> None:
        with self.assertRaises(OAuthError) as refused:
            widgets.session(WIDGETS_APP).refresh_token(
                widgets.metadata["token_endpoint"], refresh_token=johns.token["refresh_token"]
            )

        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_a_client_does_not_exist_in_the_other_realm(self) -> None:
        answer = requests.post(
            widgets.metadata["token_endpoint"],
            data={"grant_type": "refresh_token", "refresh_token": johns.token["refresh_token"]},
            auth=(ACME_APP.client_id, ACME_APP.secret),
            timeout=30,
        )

        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.json()["error"], "invalid_client")

    def test_a_code_is_worth_nothing_in_the_other_realm(self) -> None:
        session = acme.session(ACME_APP)
        url, _ = session.create_authorization_url(acme.metadata["authorization_endpoint"], code_verifier="v" * 64)
        answer = Agent().authorize(url, JOHN.username, JOHN.password, ACME_APP.redirect_uri)

        with self.assertRaises(OAuthError) as refused:
            widgets.session(WIDGETS_APP).fetch_token(
                widgets.metadata["token_endpoint"],
                code=answer.parameters["code"],
                grant_type="authorization_code",
                redirect_uri=WIDGETS_APP.redirect_uri,
                code_verifier="v" * 64,
            )

        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_a_session_of_the_first_realm_is_no_session_in_the_second(self) -> None:
        url, _ = widgets.session(WIDGETS_APP).create_authorization_url(
            widgets.metadata["authorization_endpoint"], code_verifier="v" * 64, prompt="none"
        )

        answer = johns_browser.open(url, WIDGETS_APP.redirect_uri)

        self.assertEqual(answer.parameters["error"], "login_required")

    def test_a_person_of_the_first_realm_cannot_sign_in_at_the_second(self) -> None:
        url, _ = widgets.session(WIDGETS_APP).create_authorization_url(
            widgets.metadata["authorization_endpoint"], code_verifier="v" * 64
        )
        agent = Agent()
        page = agent.open(url, WIDGETS_APP.redirect_uri)

        credentials = {"username": JOHN.username, "password": JOHN.password}
        again = agent.submit(page.form_with("password"), "login", credentials, WIDGETS_APP.redirect_uri)

        self.assertIsInstance(again, Page)
        self.assertIn("password", again.form_with("login").inputs)

    def test_a_hint_of_the_first_realm_signs_nobody_out_of_the_second(self) -> None:
        agent = Agent()
        acme.sign_in(ACME_APP, JOHN, agent)
        widgets.sign_in(WIDGETS_APP, JANE, agent)
        query = urllib.parse.urlencode({"id_token_hint": johns.token["id_token"]})

        page = agent.open(f"{widgets.metadata['end_session_endpoint']}?{query}")

        self.assertNotIn("You are signed out", page.text)
        url, _ = widgets.session(WIDGETS_APP).create_authorization_url(
            widgets.metadata["authorization_endpoint"], code_verifier="v" * 64, prompt="none"
        )
        self.assertIn("code", agent.open(url, WIDGETS_APP.redirect_uri).parameters)


if __name__ == "__main__":
    unittest.main()
