"""The door of the pages: who may ask, from where, and what a page may load.

Every request and every WebSocket passes here, before any route. A page of another site cannot
reach Joey through a nurse's browser: the Host must be ours (no rebinding of names), the Origin
must be ours (no forged post, no foreign WebSocket), the cookie is HttpOnly and SameSite.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from joey.errors import InputError
from joey.web.sessions import Sessions

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Door", "loopback"]

UNKNOWN_BROWSER = 4401  # WebSocket close codes, as HTTP's 401 and 403
FOREIGN = 4403
OPEN = ("/static/",)  # style and scripts hold nothing of anyone
SAFE = {"GET", "HEAD"}
LARGEST = 65_536  # bytes of what a browser may say at once; a tap has some hundred
POLICY = (
    "default-src 'self'; connect-src 'self' {sockets}; object-src 'none'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'"
)


def loopback(address: str) -> str:
    """Return the address, if only this machine can reach it.

    Raises
    ------
    InputError
        If others could: pages have no sign-in yet.
    """
    if address == "localhost":
        return "127.0.0.1"
    try:
        local = ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        local = False
    if not local:
        raise InputError(
            f"the pages listen on this machine alone (127.0.0.1), not on {address!r}: "
            "they have no sign-in yet, and whoever reached them could read them"
        )
    return address.strip("[]")


@dataclass(frozen=True, slots=True)
class Door:
    """Refuses what is not ours, before any route sees it.

    Parameters
    ----------
    app : callable
        The application behind it.
    sessions : Sessions
        Which browsers are known.
    hosts : tuple of str
        ``127.0.0.1:8137`` and the other names of this server.
    cookie : str
        The name of its cookie.
    refusal : bytes
        The page for a browser that is not known.
    """

    app: ASGIApp
    sessions: Sessions
    hosts: tuple[str, ...]
    cookie: str
    refusal: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass or refuse."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        path: str = scope["path"]
        host = headers.get("host", "")
        socket = scope["type"] == "websocket"
        if host not in self.hosts or not self._same_origin(scope, headers, host):
            await _refuse(scope, receive, send, FOREIGN if socket else 403, b"refused\n")
            return
        guarded = _with_headers(send, host)
        if not socket and path == "/" and scope["method"] == "GET":
            token = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
            if token:
                await self._enter(token, scope, receive, guarded)
                return
        if not socket and scope["method"] not in SAFE:
            receive = _bounded(receive)
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > LARGEST:
                await _refuse(scope, receive, guarded, 413, b"too large\n")
                return
        if path.startswith(OPEN) or self._knows(headers.get("cookie", "")):
            await self.app(scope, receive, guarded)
            return
        await _refuse(scope, receive, guarded, UNKNOWN_BROWSER if socket else 401, self.refusal)

    def _knows(self, cookies: str) -> bool:
        """Whether what a browser sends as its cookies has ours."""
        try:
            morsel = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return False
        return morsel is not None and self.sessions.knows(morsel.value)

    def _same_origin(self, scope: Scope, headers: dict[str, str], host: str) -> bool:
        needed = scope["type"] == "websocket" or scope["method"] not in SAFE
        origin = headers.get("origin")
        if origin is None:
            return not needed
        return origin == f"http://{host}"

    async def _enter(self, token: str, scope: Scope, receive: Receive, send: Send) -> None:
        cookie = self.sessions.enter(token)
        sent = (value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
        if cookie is None and not self._knows("; ".join(sent)):
            await _refuse(scope, receive, send, 401, self.refusal)
            return
        headers = [(b"location", b"/"), (b"cache-control", b"no-store"), (b"content-length", b"0")]
        if cookie is not None:
            line = f"{self.cookie}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
            headers.append((b"set-cookie", line.encode()))
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _bounded(receive: Receive) -> Receive:
    """Return what takes the body of a request and breaks it off where it is too large."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return message if taken <= LARGEST else {"type": "http.disconnect"}

    return receiving


def _with_headers(send: Send, host: str) -> Send:
    policy = POLICY.format(sockets=f"ws://{host}").encode()
    ours = (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    )

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            more = [*ours, (b"content-security-policy", policy), (b"cache-control", b"no-store")]
            message["headers"] = [*message["headers"], *(h for h in more if h[0] not in there)]
        await send(message)

    return sending


async def _refuse(scope: Scope, receive: Receive, send: Send, code: int, body: bytes) -> None:
    if scope["type"] == "websocket":
        await receive()
        # Accepted first: a browser is told the code of an open socket alone.
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": code, "reason": ""})
        return
    kind = b"text/html; charset=utf-8" if body.startswith(b"<") else b"text/plain"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
