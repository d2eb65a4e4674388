"""Starts the ``palatine`` binary for a test module.

Free ports, a data folder of its own, ready before it returns, gone when the tests are done. Its output is kept in a
file, whose end is shown when the server itself was at fault. The counterpart for JavaScript is ``server.mjs``.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

_REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
_BINARY = pathlib.Path(os.environ.get("PALATINE_BIN", _REPOSITORY / "target/debug/palatine")).resolve()
_LOGS = pathlib.Path(os.environ.get("PALATINE_TEST_LOGS", _REPOSITORY / "target/test-logs")).resolve()
_READY_WITHIN_S = 60
_STOPPED_WITHIN_S = 15


class PortTaken(RuntimeError):
    """Between finding a port and using it, somebody else took it."""


class PalatineServer:
    """A running ``palatine dev``."""

    def __init__(self, name: str) -> None:
        """Starts the server and waits until it is ready. ``name`` names the log file."""
        for attempt in range(1, 4):
            try:
                self._start(name)
                return
            except PortTaken:
                if attempt == 3:
                    raise

    def issuer(self, slug: str) -> str:
        """The issuer of a realm."""
        return f"{self.public_url}/realms/{slug}"

    def output(self) -> str:
        """What the server has written so far: its words to whoever started it, and its log."""
        return self._log_file.read_text(errors="replace")

    def apply(self, file: os.PathLike[str]) -> None:
        """Applies a realm document while the server runs."""
        command = [_BINARY, "apply", "--data-dir", os.path.join(self._folder, "data"), "-f", os.fspath(file)]
        ended = subprocess.run(command, cwd=self._folder, env=_environment(), capture_output=True, text=True)
        if ended.returncode != 0:
            raise RuntimeError(f"palatine apply failed:\n{ended.stdout}{ended.stderr}")

    def stop(self) -> None:
        """Ends the server and removes its data."""
        self._process.terminate()
        try:
            self._process.wait(_STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, name: str) -> None:
        port, management_port = _free_ports(2)
        self.public_url = f"http://localhost:{port}"
        self.management_url = f"http://127.0.0.1:{management_port}"
        self._folder = tempfile.mkdtemp(prefix="palatine-test-")
        _LOGS.mkdir(parents=True, exist_ok=True)
        self._log_file = _LOGS / f"{name}.log"
        self._log = self._log_file.open("wb")
        arguments = ["--listen", f"127.0.0.1:{port}", "--management", f"127.0.0.1:{management_port}"]
        self._process = subprocess.Popen(
            [_BINARY, "dev", *arguments, "--data-dir", os.path.join(self._folder, "data")],
            cwd=self._folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        problem = self._wait_until_ready()
        if problem is not None:
            self.stop()
            tail = "\n".join(self._log_file.read_text(errors="replace").splitlines()[-40:])
            taken = re.search(r"address (already )?in use|port .* in use", tail, re.IGNORECASE)
            kind = PortTaken if taken else RuntimeError
            raise kind(f"{_BINARY} dev {problem}\nthe end of {self._log_file}:\n{tail}")

    def _wait_until_ready(self) -> str | None:
        """``None`` once ready, else what went wrong."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return f"ended by itself: exit code {self._process.returncode}"
            try:
                with urllib.request.urlopen(f"{self.management_url}/health/ready", timeout=5) as answer:
                    if answer.status == 200:
                        return None
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.05)
        return f"was not ready within {_READY_WITHIN_S} s"


def _environment() -> dict[str, str]:
    """The tests' server reads no setting that happens to lie in the caller's environment."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PALATINE__")}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports
