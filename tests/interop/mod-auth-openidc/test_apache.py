"""Apache's mod_auth_openidc, unmodified: people who sign in, people who sign out, and an API."""

from __future__ import annotations

import pathlib
import socket
import tempfile
import unittest
import urllib.parse

import requests

from apache import Apache
from cookie_agent import Agent, Answer, Page
from palatine_server import PalatineServer

ADA = {"username": "ada@northwind.example", "password": "ada-password-123"}
CLIENT, SECRET = "intranet", "intranet-secret"
REALM_FILE = pathlib.Path(__file__).with_name("realm.yaml")


def setUpModule() -> None:
    global server, apache
    server = PalatineServer("mod-auth-openidc")
    unittest.addModuleCleanup(server.stop)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "apache.yaml")
        file.write_text(REALM_FILE.read_text().replace("http://127.0.0.1:9999", f"http://127.0.0.1:{port}"))
        server.apply(file)
    apache = Apache(port, server.issuer("apache"), CLIENT, SECRET)
    unittest.addModuleCleanup(apache.stop)


def sign_in(agent: Agent) -> Page:
    login = agent.open(f"{apache.origin}/private/")
    return agent.submit(login.form_with("password"), "login", ADA)


class People(unittest.TestCase):
    def test_a_person_signs_in_to_see_a_page_and_apache_knows_who_they_are(self) -> None:
        page = sign_in(Agent())

        self.assertEqual(page.url, f"{apache.origin}/private/")
        self.assertEqual(page.text, "the private page")
        self.assertEqual(page.headers["X-Person"], ADA["username"])
        self.assertEqual(page.headers["X-Name"], "Ada Byron")
        self.assertEqual(len(page.headers["X-Subject"]), 36)

    def test_nobody_needs_to_sign_in_for_the_front_page(self) -> None:
        self.assertEqual(Agent().open(apache.origin).text, "the front page")

    def test_a_wrong_password_never_comes_back_to_apache(self) -> None:
        agent = Agent()
        login = agent.open(f"{apache.origin}/private/")

        page = agent.submit(login.form_with("password"), "login", {**ADA, "password": "wrong"})

        self.assertTrue(page.url.startswith(server.issuer("apache")))

    def test_signing_out_at_apache_signs_out_at_the_provider(self) -> None:
        agent = Agent()
        sign_in(agent)

        back = urllib.parse.quote(f"{apache.origin}/", safe="")
        page = agent.open(f"{apache.origin}/private/callback?logout={back}")

        self.assertEqual(page.text, "the front page")
        self.assertIn("password", agent.open(f"{apache.origin}/private/").form_with("password").inputs)


class Interface(unittest.TestCase):
    def test_an_api_takes_an_access_token_by_introspection_and_nothing_else(self) -> None:
        token = access_token()

        taken = bearer(token)

        self.assertEqual(taken.status_code, 200)
        self.assertEqual(len(taken.headers["X-Subject"]), 36)
        self.assertEqual(bearer(f"{token}x").status_code, 401)
        self.assertEqual(requests.get(f"{apache.origin}/api/", timeout=30).status_code, 401)


def bearer(token: str) -> requests.Response:
    return requests.get(f"{apache.origin}/api/", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def access_token() -> str:
    """A token of the same client, fetched by hand."""
    redirect_uri = f"{apache.origin}/private/callback"
    endpoint = f"{server.issuer('apache')}/protocol/openid-connect"
    asked = {"client_id": CLIENT, "response_type": "code", "redirect_uri": redirect_uri, "scope": "openid profile"}
    answer = Agent().authorize(f"{endpoint}/auth?{urllib.parse.urlencode(asked)}", redirect_uri=redirect_uri, **ADA)
    assert isinstance(answer, Answer)
    body = {"grant_type": "authorization_code", "code": answer.parameters["code"], "redirect_uri": redirect_uri}
    tokens = requests.post(f"{endpoint}/token", data=body, auth=(CLIENT, SECRET), timeout=30)
    return tokens.json()["access_token"]


if __name__ == "__main__":
    unittest.main()
