"""Apache as its administrator sets it up for an OpenID provider.

One folder that only signed-in people see, and one that only bearers of a token see.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

_PROGRAM = "/usr/sbin/apache2"
_MODULES = "/usr/lib/apache2/modules"
_LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "dir", "headers", "auth_openidc")
_READY_WITHIN_S = 15


class Apache:
    """A running Apache, in front of an empty site."""

    def __init__(self, port: int, issuer: str, client_id: str, secret: str) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="palatine-apache-"))
        # Its workers are another user when it is started by root.
        self._folder.chmod(0o755)
        site = self._folder / "site"
        for part in ("", "private", "api"):
            (site / part).mkdir(exist_ok=True)
            (site / part / "index.html").write_text(f"the {part or 'front'} page")
        configuration = self._folder / "apache.conf"
        configuration.write_text(_configuration(self._folder, self.origin, issuer, client_id, secret))
        self._process = subprocess.Popen(
            [_PROGRAM, "-d", self._folder, "-f", configuration, "-DFOREGROUND"], stdin=subprocess.DEVNULL
        )
        if not self._answers():
            log = self._folder / "error.log"
            tail = log.read_text(errors="replace").splitlines()[-20:] if log.exists() else []
            self.stop()
            raise RuntimeError("Apache did not start\n" + "\n".join(tail))

    def stop(self) -> None:
        """Ends it and removes its folder."""
        self._process.terminate()
        self._process.wait(15)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(self.origin, timeout=5):
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        return False


def _configuration(folder: pathlib.Path, origin: str, issuer: str, client_id: str, secret: str) -> str:
    modules = "\n".join(f"LoadModule {name}_module {_MODULES}/mod_{name}.so" for name in _LOADED)
    # Started by root it must name whom it serves as; started by anybody else it ignores this.
    user = os.getuid() or 33
    return f"""
ServerName 127.0.0.1
Listen {origin.removeprefix("http://")}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
DocumentRoot {folder}/site
DirectoryIndex index.html
{modules}
User #{user}
Group #{user}

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCRedirectURI {origin}/private/callback
OIDCCryptoPassphrase only-for-this-process
OIDCScope "openid profile email"
OIDCPKCEMethod S256

# OIDCOAuthIntrospectionEndpoint takes https alone; this takes what the document says.
OIDCOAuthServerMetadataURL {issuer}/.well-known/openid-configuration
OIDCOAuthClientID {client_id}
OIDCOAuthClientSecret {secret}

<Directory />
  AllowOverride None
  Require all granted
</Directory>
<Location /private>
  AuthType openid-connect
  Require valid-user
  Header set X-Person "%{{OIDC_CLAIM_email}}e"
  Header set X-Subject "%{{OIDC_CLAIM_sub}}e"
  Header set X-Name "%{{OIDC_CLAIM_name}}e"
</Location>
<Location /api>
  AuthType oauth20
  Require valid-user
  Header set X-Subject "%{{OIDC_CLAIM_sub}}e"
</Location>
"""
