"""Who may ask: this machine, this origin, a browser that opened a link."""

from __future__ import annotations

import asyncio
import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import websockets

from joey.errors import InputError
from joey.web import Door, Sessions, loopback
from joey.web.run import hosts_of
from joey.web.taps import TapError, as_payload
from tests.web.serving import Served, admit, running

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a server of one bed without a monitor."""
    folder = tmp_path_factory.mktemp("door")
    admit(folder, "4", "M4", "JONES^BABY BOY")
    with running(folder) as found:
        yield found


def ask(
    served: Served, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Ask the server as anything that is no browser could."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)) as connection:
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        said = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, said, answer.read().decode()


def cookie_of(served: Served) -> str:
    """Use up a link; return the cookie it was changed for."""
    status, headers, _ = ask(served, f"/?token={served.tokens.pop()}")
    assert status == 303
    assert headers["location"] == "/"
    line = headers["set-cookie"]
    assert "HttpOnly" in line
    assert "SameSite=Strict" in line
    return line.partition(";")[0]


@pytest.fixture(scope="module")
def cookie(served: Served) -> str:
    """Return a cookie that is known."""
    return cookie_of(served)


@pytest.mark.parametrize("path", ["/", "/feed", "/beds/NICU/4", "/api/oxycrg/NICU/4", "/docs"])
def test_a_browser_that_is_not_known_sees_nothing(served: Served, path: str) -> None:
    status, _, page = ask(served, path)

    assert status == 401
    assert "JONES" not in page


def test_a_link_works_once(served: Served) -> None:
    token = served.tokens.pop()

    assert ask(served, f"/?token={token}")[0] == 303
    assert ask(served, f"/?token={token}")[0] == 401
    assert ask(served, "/?token=guessed")[0] == 401


def test_another_host_or_origin_is_refused(served: Served, cookie: str) -> None:
    """A name that resolves to this machine, and a page of another site, get nothing."""
    good = {"Cookie": cookie}

    assert ask(served, "/", **good)[0] == 200
    assert ask(served, "/", Host="joey.example", **good)[0] == 403
    assert ask(served, "/", Origin="http://evil.example", **good)[0] == 403
    tap = json.dumps({"id": str(uuid.uuid4()), "type": "start_hold", "bed": "NICU/4", "at": 1})
    kind = {"Content_Type": "application/json"}
    assert ask(served, "/api/taps", "POST", tap, **kind, **good)[0] == 403
    evil = {"Origin": "http://evil.example"}
    assert ask(served, "/api/taps", "POST", tap, **kind, **good, **evil)[0] == 403


@pytest.mark.parametrize(
    ("origin", "known", "code"), [("evil.example", True, 4403), ("", False, 4401)]
)
def test_a_foreign_socket_is_closed(
    served: Served, cookie: str, origin: str, known: bool, code: int
) -> None:
    async def open_one() -> int:
        headers = {"Cookie": cookie} if known else {}
        where = f"ws://127.0.0.1:{served.port}/live/unit"
        ours = origin or f"127.0.0.1:{served.port}"
        async with websockets.connect(
            where, origin=f"http://{ours}", additional_headers=headers
        ) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5)
            return socket.close_code or 0

    assert asyncio.run(open_one()) == code


def test_two_joeys_of_one_machine_let_one_browser_in(
    served: Served, cookie: str, tmp_path: Path
) -> None:
    """Browsers keep cookies by host, whatever the port: each Joey has one of its own name."""
    admit(tmp_path, "5", "M5", "LI^WEI")
    with running(tmp_path) as second:
        other = cookie_of(second)
        kept = dict(each.split("=", 1) for each in (cookie, other))
        jar = "; ".join(f"{name}={value}" for name, value in kept.items())

        assert ask(served, "/", Cookie=jar)[0] == 200
        assert ask(second, "/", Cookie=jar)[0] == 200
        assert ask(second, "/", Cookie=cookie)[0] == 401


def test_at_the_port_of_http_browsers_leave_it_out(tmp_path: Path) -> None:
    """The real door, on another port: what it is told of its names is all that it knows."""
    names = hosts_of("127.0.0.1", 80)
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["path"])

    sessions = Sessions(tmp_path / "key")
    value = sessions.enter(sessions.new_link())
    door = Door(app, sessions, names, "joey-80", b"")

    async def come(method: str, host: str) -> None:
        headers = [(b"host", host.encode()), (b"cookie", f"joey-80={value}".encode())]
        headers.append((b"origin", f"http://{host}".encode()))
        scope = {"type": "http", "method": method, "path": f"/{host}", "headers": headers}

        async def receive() -> dict[str, object]:
            return {"type": "http.disconnect"}

        async def send(_: object) -> None:
            return None

        await door(scope, receive, send)

    for host in ("127.0.0.1", "localhost:80", "evil.example", "127.0.0.1:8137"):
        asyncio.run(come("POST", host))
    assert seen == ["/127.0.0.1", "/localhost:80"]
    assert hosts_of("[::1]", 8137) == ("[::1]:8137", "localhost:8137")


def test_every_page_says_what_it_may_load(served: Served, cookie: str) -> None:
    """Nothing from elsewhere, nothing inline; and no name in any address."""
    for path in ("/", "/feed", "/beds/NICU/4"):
        status, headers, page = ask(served, path, Cookie=cookie)
        assert status == 200
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert headers["referrer-policy"] == "no-referrer"
        assert "JONES" not in page
        assert "Not for alarming: the bedside monitor alarms" in page


def test_more_than_a_tap_is_not_listened_to(served: Served, cookie: str) -> None:
    """Declared or not: a browser that sends megabytes is sent away before they are kept."""
    given = {"Cookie": cookie, "Origin": served.address, "Content_Type": "application/json"}
    large = json.dumps({"type": "start_hold", "bed": "x" * 200_000})

    assert ask(served, "/api/taps", "POST", large, **given)[0] == 413
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)) as connection:
        headers = {name.replace("_", "-"): value for name, value in given.items()}
        parts = [b"x" * 4096] * 100
        connection.request("POST", "/api/taps", iter(parts), headers, encode_chunked=True)
        assert connection.getresponse().status >= 400
    assert ask(served, "/", Cookie=cookie)[0] == 200


def test_a_token_is_gone_from_the_address_and_works_on_no_other_page(
    served: Served, cookie: str
) -> None:
    """It is changed for a cookie at once, never taken elsewhere, and no page has one in it."""
    token = served.tokens.pop()
    assert ask(served, f"/feed?token={token}")[0] == 401
    status, headers, page = ask(served, f"/?token={token}")
    assert (status, headers["location"], page) == (303, "/", "")
    assert headers["cache-control"] == "no-store"
    name = cookie.partition("=")[2]
    for path in ("/", "/feed", "/beds/NICU/4"):
        page = ask(served, path, Cookie=cookie)[2]
        assert "token" not in page
        assert name not in page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/oxycrg/NICU/4?start=nan&width=250&columns=9"),
        ("GET", "/api/oxycrg/NICU/4?start=1e300&width=250&columns=9"),
        ("POST", f"/api/quarantine/{2**64}"),
        ("POST", f"/api/codes/{2**64}/undo"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    served: Served, cookie: str, method: str, path: str
) -> None:
    given = {"Cookie": cookie, "Origin": served.address}

    assert ask(served, path, method, **given)[0] == 422


def test_there_is_no_such_bed(served: Served, cookie: str) -> None:
    assert ask(served, "/beds/NICU/99", Cookie=cookie)[0] == 404


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "joey.example", ""])  # noqa: S104  (to be refused)
def test_only_this_machine_is_listened_to(address: str) -> None:
    with pytest.raises(InputError, match="this machine alone"):
        loopback(address)


def test_this_machine_has_several_names() -> None:
    assert [loopback(each) for each in ("127.0.0.1", "localhost", "::1", "[::1]")] == [
        "127.0.0.1",
        "127.0.0.1",
        "::1",
        "::1",
    ]


def test_a_cookie_is_known_after_a_restart_and_no_other_is(tmp_path: Path) -> None:
    one = Sessions(tmp_path / "key")
    cookie = one.enter(one.new_link())
    assert cookie is not None

    assert Sessions(tmp_path / "key").knows(cookie)
    assert not Sessions(tmp_path / "key").knows(cookie[:-1] + "0x")
    assert not Sessions(tmp_path / "other").knows(cookie)
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "drop"},
        {"id": "1"},
        {"at": "now"},
        {"at": float("inf")},
        {"at": True},
        {"bed": 4},
        {"bed": "x" * 200},
        {"at": 1e16},
        {"holder": {"role": ["mother"]}},
        {"holder": "mother"},
        {"holder": {"label": "half \ud83d"}},
        {"details": "none"},
        {"contact": 1},
    ],
)
def test_what_is_no_tap_is_refused(wrong: dict[str, object]) -> None:
    """Whatever a browser sends, the error names the field and has no value of it."""
    good = {"id": str(uuid.uuid4()), "type": "start_hold", "bed": "NICU/4", "at": 1.0}
    as_payload(good)

    with pytest.raises(TapError, match=next(iter(wrong))):
        as_payload(good | wrong)
