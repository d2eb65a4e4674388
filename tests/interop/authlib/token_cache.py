"""A service's token, fetched again shortly before it expires."""

from __future__ import annotations

from collections.abc import Callable

REFRESH_BEFORE_EXPIRY_S = 60


class TokenCache:
    """Keeps one client-credentials token.

    ``fetch`` returns a token response (``access_token``, ``expires_in`` in seconds); ``clock`` returns seconds.
    """

    def __init__(self, fetch: Callable[[], dict], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token: str | None = None
        self._fresh_until = 0.0

    def access_token(self) -> str:
        """A token with at least 60 seconds of life left."""
        now = self._clock()
        if self._token is None or now >= self._fresh_until:
            response = self._fetch()
            self._token = response["access_token"]
            # Counted from before the request, so that a slow answer never makes the token look younger.
            self._fresh_until = now + response["expires_in"] - REFRESH_BEFORE_EXPIRY_S
        return self._token
