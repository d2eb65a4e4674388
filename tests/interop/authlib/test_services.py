"""Service to service: client credentials, an API that checks what it gets, a cache that refreshes in time."""

from __future__ import annotations

import time
import unittest

import requests
from authlib.integrations.base_client import OAuthError

from actors import (
    DEV_USER,
    INTERNAL_SERVICE,
    NOTIFICATIONS,
    SERVICE_CLIENT,
    TEST_APP,
    Application,
    Realm,
)
from api import create_api, status_for
from palatine_server import PalatineServer
from token_cache import TokenCache


def setUpModule() -> None:
    global server, realm
    server = PalatineServer("authlib-services")
    unittest.addModuleCleanup(server.stop)
    realm = Realm(server.issuer("dev"))


def service_token(application: Application, method: str = "client_secret_basic", **parameters: str) -> dict:
    session = realm.session(application, method)
    return session.fetch_token(realm.metadata["token_endpoint"], grant_type="client_credentials", **parameters)


class ClientCredentials(unittest.TestCase):
    def test_both_ways_to_send_a_secret_give_the_default_scopes(self) -> None:
        for application in (NOTIFICATIONS, SERVICE_CLIENT, INTERNAL_SERVICE):
            for method in ("client_secret_basic", "client_secret_post"):
                with self.subTest(f"{application.client_id} {method}"):
                    token = service_token(application, method)
                    self.assertEqual(set(token["scope"].split()), set(application.scope.split()))
                    self.assertEqual(token["token_type"].lower(), "bearer")
                    self.assertNotIn("refresh_token", token)
                    self.assertNotIn("id_token", token)

    def test_a_service_token_says_that_it_is_one(self) -> None:
        claims = realm.decode(service_token(NOTIFICATIONS)["access_token"]).claims

        self.assertEqual(claims["sub"], NOTIFICATIONS.client_id)
        self.assertEqual(claims["aud"], "api-gateway")
        self.assertEqual(claims["token_use"], "service")
        account = claims["service_account"]
        self.assertEqual(account["client_id"], NOTIFICATIONS.client_id)
        self.assertEqual(account["clientId"], NOTIFICATIONS.client_id)
        self.assertEqual(set(account["scopes"]), {"read:users", "write:notifications"})
        self.assertEqual(account["audiences"], ["api-gateway"])
        self.assertNotIn("sid", claims)

    def test_a_wrong_secret_is_invalid_client_with_status_401(self) -> None:
        wrong = Application(NOTIFICATIONS.client_id, "wrong", NOTIFICATIONS.scope)
        for method in ("client_secret_basic", "client_secret_post"):
            with self.subTest(method):
                with self.assertRaises(OAuthError) as refused:
                    service_token(wrong, method)
                self.assertEqual(refused.exception.error, "invalid_client")
        answer = requests.post(
            realm.metadata["token_endpoint"],
            data={"grant_type": "client_credentials"},
            auth=(NOTIFICATIONS.client_id, "wrong"),
            timeout=30,
        )
        self.assertEqual(answer.status_code, 401)

    def test_a_scope_of_another_service_is_refused(self) -> None:
        greedy = Application(NOTIFICATIONS.client_id, NOTIFICATIONS.secret, "read:users read:orders")

        with self.assertRaises(OAuthError) as refused:
            service_token(greedy)

        self.assertEqual(refused.exception.error, "invalid_scope")


class ApiThatChecks(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.gateway = create_api(realm.issuer, "api-gateway", "read:users")

    def test_a_token_with_its_audience_and_scope_is_accepted(self) -> None:
        self.assertEqual(status_for(self.gateway, service_token(NOTIFICATIONS)["access_token"]), 200)

    def test_the_api_learns_who_called(self) -> None:
        token = service_token(NOTIFICATIONS)["access_token"]
        answer = self.gateway.test_client().get("/orders", headers={"Authorization": f"Bearer {token}"})

        self.assertEqual(answer.json, {"caller": NOTIFICATIONS.client_id})

    def test_a_token_for_another_api_is_refused(self) -> None:
        self.assertEqual(status_for(self.gateway, service_token(SERVICE_CLIENT)["access_token"]), 401)

    def test_a_token_without_the_scope_is_refused(self) -> None:
        narrow = Application(NOTIFICATIONS.client_id, NOTIFICATIONS.secret, "write:notifications")

        self.assertEqual(status_for(self.gateway, service_token(narrow)["access_token"]), 403)

    def test_a_persons_tokens_are_refused(self) -> None:
        token = realm.sign_in(TEST_APP, DEV_USER).token
        for kind in ("access_token", "id_token", "refresh_token"):
            with self.subTest(kind):
                self.assertEqual(status_for(self.gateway, token[kind]), 401)

    def test_a_token_with_a_changed_character_is_refused(self) -> None:
        head, body, signature = service_token(NOTIFICATIONS)["access_token"].split(".")
        forged = "A" if signature[10] != "A" else "B"
        changed = f"{head}.{body}.{signature[:10]}{forged}{signature[11:]}"

        self.assertEqual(status_for(self.gateway, changed), 401)


class Cache(unittest.TestCase):
    def setUp(self) -> None:
        self.fetched = 0
        self.started = time.time()
        self.now = self.started
        self.cache = TokenCache(self.fetch, lambda: self.now)

    def fetch(self) -> dict:
        self.fetched += 1
        return service_token(NOTIFICATIONS)

    def test_a_cached_token_is_used_until_60_seconds_before_it_expires(self) -> None:
        first = self.cache.access_token()
        lifetime = realm.decode(first).claims["exp"] - realm.decode(first).claims["iat"]

        self.now = self.started + lifetime - 61
        self.assertEqual(self.cache.access_token(), first)
        self.assertEqual(self.fetched, 1)

        self.now = self.started + lifetime - 60
        self.assertNotEqual(self.cache.access_token(), first)
        self.assertEqual(self.fetched, 2)

    def test_expires_in_is_the_tokens_own_lifetime(self) -> None:
        response = service_token(NOTIFICATIONS)
        claims = realm.decode(response["access_token"]).claims

        self.assertEqual(response["expires_in"], claims["exp"] - claims["iat"])


if __name__ == "__main__":
    unittest.main()
