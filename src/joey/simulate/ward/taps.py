"""Hands for a ward that nobody watches: holds are marked by way of the pages' own address.

As late as people do: a start is marked a minute after chest was on chest, and then put right.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

import numpy as np

from joey.simulate.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from joey.simulate.ward.monitors import HostTime
    from joey.simulate.ward.people import Bed
    from joey.simulate.ward.story import Held

__all__ = ["Hands", "enter", "mark_all", "mark_hold"]

NS = 1_000_000_000
MS = 1_000_000
LATE_NS = 60 * NS  # how late a start is marked
NUDGED_NS = 20 * NS  # how long after that it is put right
TIMEOUT_S = 10.0
PAUSE_S = 1.0  # s between two attempts to be let in or heard
TRIES = 20


class Hands:
    """One browser's worth of a way in: the address and its cookie."""

    def __init__(self, link: str) -> None:
        """Enter by a link that works once.

        Raises
        ------
        OSError
            If nobody answers, or the link is not taken.
        """
        parts = urlsplit(link)
        self._host = parts.netloc
        status, headers, _ = self._ask("GET", f"{parts.path}?{parts.query}")
        cookie = headers.get("set-cookie", "")
        if status not in {200, 303} or not cookie:
            raise ConnectionRefusedError(f"the pages did not let the ward in: {status}")
        self._cookie = cookie.partition(";")[0]

    def tap(self, said: dict[str, object]) -> dict[str, Any]:
        """Send a tap and return the answer.

        Raises
        ------
        OSError
            If it was not taken.
        """
        return self._post("/api/taps", said)

    def new_link(self) -> str:
        """Return a link for somebody else.

        Raises
        ------
        OSError
            If none was given.
        """
        return str(self._post("/api/links", {})["link"])

    def _post(self, path: str, said: dict[str, object]) -> dict[str, Any]:
        status, _, body = self._ask("POST", path, json.dumps(said).encode())
        if status != 200:
            raise ConnectionRefusedError(f"a tap was answered with {status}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    def _ask(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        headers = {"Origin": f"http://{self._host}", "Content-Type": "application/json"}
        if hasattr(self, "_cookie"):
            headers["Cookie"] = self._cookie
        connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()


def enter(link: str) -> Hands:
    """Return the hands that a link lets in; the pages may still be coming up.

    Raises
    ------
    OSError
        If they do not come up.
    """
    for _ in range(TRIES):
        try:
            return Hands(link)
        except ConnectionRefusedError:
            time.sleep(PAUSE_S)
    raise ConnectionRefusedError("the pages did not come up")


async def mark_hold(
    hands: Hands,
    held: Held,
    bed: Bed,
    host: HostTime,
    seed: int,
    tell: Callable[[str, dict[str, object]], None],
) -> None:
    """Mark one hold from its start to its end, with its changes of holder.

    Parameters
    ----------
    hands : Hands
        By which.
    held : Held
        What truly happens.
    bed : Bed
        Where.
    host : HostTime
        The host's time.
    seed : int
        The ward's seed: ids of taps are drawn by it and the start of the hold.
    tell : callable
        Is told each tap that was taken.
    """
    rng = stream(seed, "taps", held.infant, held.start_ns)
    bounds = np.linspace(held.start_ns, held.end_ns, len(held.holders) + 1).astype(np.int64)

    def new_id() -> str:
        return str(UUID(bytes=rng.bytes(16), version=4))

    hold = new_id()

    async def tap(
        due_ns: int, kind: str, at_ns: int, name: str, more: dict[str, object] | None = None
    ) -> None:
        await host.reach(due_ns)
        said = {"id": name, "type": kind, "bed": bed.key, "at": at_ns // MS, **(more or {})}
        for _ in range(TRIES):
            try:
                await asyncio.to_thread(hands.tap, said)
            except OSError:
                await asyncio.sleep(PAUSE_S)
                continue
            fact: dict[str, object] = {"tap": kind, "bed": bed.key, "hold": hold}
            tell("taps", {**fact, "at_ns": at_ns, "tapped_ns": due_ns})
            return

    starts = bounds[:-1].tolist()
    who = [{"role": role, "label": name} for name, role in held.holders]
    marked = max(starts[0] + LATE_NS, host.now_ns())
    first: dict[str, object] = {"holder": who[0], "contact": "skin_to_skin"}
    await tap(marked, "start_hold", marked, hold, first)
    await tap(marked + NUDGED_NS, "nudge", starts[0], new_id(), {"hold": hold})
    for start, holder in zip(starts[1:], who[1:], strict=True):
        if start > marked + NUDGED_NS:
            change: dict[str, object] = {"hold": hold, "holder": holder, "contact": "skin_to_skin"}
            await tap(start, "change_holder", start, new_id(), change)
    details = {"end_reason": "planned_end"}
    await tap(held.end_ns, "stop_hold", held.end_ns, new_id(), {"hold": hold, "details": details})


async def mark_all(
    link: str,
    holds: Sequence[Held],
    beds: Sequence[Bed],
    host: HostTime,
    seed: int,
    tell: Callable[[str, dict[str, object]], None],
) -> None:
    """Mark every hold of a story."""
    hands = await asyncio.to_thread(enter, link)
    async with asyncio.TaskGroup() as tasks:
        for held in holds:
            tasks.create_task(mark_hold(hands, held, beds[held.infant], host, seed, tell))
