"""Which browsers may look: links that work once, and the cookie they are changed for.

Until people sign in, a browser is known by having opened a link that Joey printed. The key of the
cookies lies in the data folder, so that a tablet stays known when Joey is started again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

__all__ = ["Sessions", "cookie_name"]

KEY_BYTES = 32
MOST_LINKS = 64  # not used yet; more are not kept


def cookie_name(port: int) -> str:
    """Return the name of the cookie of the Joey at a port: browsers tell hosts apart, not ports."""
    return f"joey-{port}"


class Sessions:
    """Links that work once, and cookies that were given for them.

    Parameters
    ----------
    path : Path
        The file of the key; made, readable by its owner alone, where it is missing.

    Raises
    ------
    OSError
        If it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._key = _key_at(path)
        self._links: dict[str, None] = {}

    def new_link(self) -> str:
        """Return a token that `enter` takes once."""
        token = secrets.token_urlsafe(24)
        self._links[token] = None
        while len(self._links) > MOST_LINKS:
            del self._links[next(iter(self._links))]
        return token

    def enter(self, token: str) -> str | None:
        """Return a cookie for a token that was not used before; None for any other."""
        if token not in self._links:
            return None
        del self._links[token]
        name = secrets.token_urlsafe(16)
        return f"{name}.{self._sign(name)}"

    def knows(self, cookie: str) -> bool:
        """Whether a cookie is one of ours."""
        name, _, signed = cookie.partition(".")
        return bool(name) and hmac.compare_digest(signed.encode(), self._sign(name).encode())

    def _sign(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()


def _key_at(path: Path) -> bytes:
    if path.exists() and len(key := path.read_bytes()) == KEY_BYTES:
        return key
    key = secrets.token_bytes(KEY_BYTES)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
