"""What the admin API answers to whatever its description allows, and to what it does not: by schemathesis.

It makes requests from the served description, those that fit it and those that do not, and compares each answer with
it: no server error, no status, media type or body that is not described.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import requests

from cookie_agent import Agent
from palatine_server import PalatineServer

HERE = pathlib.Path(__file__).resolve().parent
API = "/admin/api/v1"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
EXAMPLES = 6
WITHIN_S = 600


def setUpModule() -> None:
    global server
    server = PalatineServer("schemathesis")
    unittest.addModuleCleanup(server.stop)
    for realm in ("shop", "attic"):
        server.apply(HERE / f"{realm}.yaml")


class Admin:
    """Somebody who administers by the API."""

    def __init__(self, token: str) -> None:
        self.header = f"Bearer {token}"

    @classmethod
    def service(cls, realm: str) -> Admin:
        """The service of a realm."""
        form = {"grant_type": "client_credentials"}
        answer = requests.post(
            f"{server.issuer(realm)}/oauth/token", data=form, auth=("robot", "robot-secret-1"), timeout=30
        )
        answer.raise_for_status()
        return cls(answer.json()["access_token"])

    @classmethod
    def operator(cls) -> Admin:
        """The first operator, who signs in as the page of the API's documentation does."""
        issuer, callback = server.issuer("system"), f"{server.public_url}/admin/api/docs/oauth2-redirect.html"
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        client = {"client_id": "palatine-api-docs", "redirect_uri": callback}
        asked = {"response_type": "code", "scope": "openid admin:read admin:write", "state": "kept"}
        proof = {"code_challenge": challenge, "code_challenge_method": "S256"}
        url = f"{issuer}/oauth/authorize?{urllib.parse.urlencode(client | asked | proof)}"
        username, password = re.search(r"operator of the realm system is (\S+) / (\S+)", server.output()).groups()
        code = Agent().authorize(url, username, password, callback).parameters["code"]
        form = client | {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        answer = requests.post(f"{issuer}/oauth/token", data=form, timeout=30)
        answer.raise_for_status()
        return cls(answer.json()["access_token"])

    def ask(self, method: str, path: str, body: object = None) -> dict:
        """What is answered; a refusal is an error."""
        answer = requests.request(
            method,
            f"{server.public_url}{API}{path}",
            json=body,
            headers={"Authorization": self.header, "If-Match": "*"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    def things(self) -> dict[str, str]:
        """Things of the realm that are there, by the parameters of paths that name them."""
        first = lambda path, member: self.ask("GET", path)["items"][0][member]
        return {
            "path.realm": "shop",
            "path.client_id": "counter",
            "path.identifier": "stock",
            "path.user": first("/realms/shop/users?identifier=ada", "id"),
            "path.group": self.ask("POST", "/realms/shop/groups", {"name": "staff"})["id"],
            "path.import": self.ask("POST", "/realms/shop/user-imports", {"users": [{"username": "lin"}]})["id"],
            "path.kind": "logo",
        }


class Description(unittest.TestCase):
    def test_a_realms_admin_meets_no_answer_that_is_not_described(self) -> None:
        admin = Admin.service("shop")
        paths = r"^/realms/\{realm\}/(?!(suspend|resume|entries|document))"

        self.meets_only_what_is_described(admin, paths, admin.things())

    def test_who_reads_and_puts_documents_meets_no_answer_that_is_not_described(self) -> None:
        """In a realm of its own, from which documents may prune whoever asks."""
        self.meets_only_what_is_described(Admin.service("attic"), r"/document$", {"path.realm": "attic"})

    def test_an_operator_meets_no_answer_that_is_not_described(self) -> None:
        paths = r"^/realms$|^/realms/\{realm\}$|^/realms/\{realm\}/(suspend|resume|entries)"

        self.meets_only_what_is_described(Admin.operator(), paths, {"path.realm": "widgets-inc"})

    def meets_only_what_is_described(self, admin: Admin, paths: str, things: dict[str, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, "schemathesis.toml")
            lines = [f'"{parameter}" = "{value}"' for parameter, value in things.items()]
            config.write_text("\n".join(["[parameters]", *lines, ""]))
            command = [
                *(os.fspath(pathlib.Path(sys.executable).with_name("schemathesis")), "--config-file", os.fspath(config), "run"),
                f"{server.public_url}{API}/openapi.json?realm=shop",
                *("--url", f"{server.public_url}{API}", "--header", f"Authorization: {admin.header}"),
                *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"),
                *("--max-examples", str(EXAMPLES), "--seed", "1", "--include-path-regex", paths),
                *("--continue-on-failure", "--workers", "1", "--no-color"),
            ]
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WITHIN_S)
        self.assertEqual(ended.returncode, 0, f"{ended.stdout[-20_000:]}\n{ended.stderr[-2_000:]}")
        # Refusals alone would say nothing: most of what is asked must have been looked at.
        tested, refused = (_number(pattern, ended.stdout) for pattern in (r"Tested: (\d+)", r"(\d+) operations? returned only 401/403"))
        self.assertGreater(tested, 0)
        self.assertLessEqual(refused, tested // 4, ended.stdout[-5_000:])


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0


if __name__ == "__main__":
    unittest.main()
