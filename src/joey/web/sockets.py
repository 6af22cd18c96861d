"""What is pushed to the browsers, each at its own pace.

Nothing waits for a slow browser, and nothing is queued for it without bound: the unit goes as
differences, and who missed one gets the whole; waves are read where they lie, from where this
browser left off, and what it could not take in time is skipped, counted and said.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocketDisconnect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.websockets import WebSocket

    from joey.web.ward import Ward

__all__ = ["Unit", "push_bed", "push_feed", "push_hold"]

SECOND_S = 1.0
STATE_S = 0.5  # s, between states of a bed; monitors send their numbers once a second
FRAME_S = 0.1  # s, between frames of waves
SLOW_S = 5.0  # s; a browser that takes a frame no sooner is closed and comes back by itself
QUEUE = 4  # messages that wait for one browser of the unit page
TREND_EVERY = 30  # s, between trends of a tile


def as_text(message: dict[str, Any]) -> str:
    """Return a message as JSON, without spaces, strictly."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


class Unit:
    """The unit page's messages, made once a second for all of its browsers."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self._queues: set[asyncio.Queue[str | None]] = set()
        self._last: dict[str, dict[str, Any]] = {}
        self._order: list[str] = []
        self._seconds = 0

    async def run(self) -> None:
        """Make and hand out a message every second, as long as it is not canceled."""
        while True:
            started = asyncio.get_running_loop().time()
            if self._queues:
                self._hand_out()
            spent = asyncio.get_running_loop().time() - started
            await asyncio.sleep(max(0.1, SECOND_S - spent))

    def _hand_out(self) -> None:
        order, tiles = self._ward.unit()
        changed = {key: _difference(self._last.get(key), tile) for key, tile in tiles.items()}
        message = {**self._ward.now(), "beds": {key: each for key, each in changed.items() if each}}
        if order != self._order:
            message["order"] = order
        self._seconds += 1
        if self._seconds % TREND_EVERY == 0:
            message["trends"] = self._ward.trends()
        elif others := [key for key, each in changed.items() if "shows" in each]:
            message["trends"] = self._ward.trends_of(others)  # what is drawn there is another's
        self._last, self._order = tiles, order
        text = as_text(message)
        for queue in self._queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)  # it missed one: it gets the whole next
            else:
                queue.put_nowait(text)

    def whole(self) -> str:
        """Return the message for who has nothing yet."""
        order, tiles = self._ward.unit()
        now = self._ward.now()
        return as_text({**now, "order": order, "beds": tiles, "trends": self._ward.trends()})

    async def push(self, socket: WebSocket) -> None:
        """Push to one browser until it goes."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE)
        queue.put_nowait(None)
        self._queues.add(queue)

        async def work() -> None:
            while True:
                text = await queue.get()
                await _send(socket, self.whole() if text is None else text)

        try:
            await _until_gone(socket, work)
        finally:
            self._queues.discard(queue)


def _difference(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    if old is None:
        return new
    return {name: value for name, value in new.items() if old.get(name) != value}


async def push_bed(socket: WebSocket, ward: Ward, bed: str) -> None:
    """Push a bed's state twice a second and after a tap, and its waves ten times a second."""

    async def work() -> None:
        cursors: dict[int, int] = {}
        changes, said, dropped = -1, 0.0, 0
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            if started - said >= STATE_S or changes != ward.changes(bed):
                changes, said = ward.changes(bed), started
                shown = ward.bed(bed)
                await _send(socket, as_text({**ward.now(), "bed": shown, "dropped": dropped}))
            frame, cursors, skipped = ward.waves(bed, cursors)
            dropped += skipped
            if frame:
                await asyncio.wait_for(socket.send_bytes(frame), SLOW_S)
            await asyncio.sleep(max(0.01, FRAME_S - (loop.time() - started)))

    await _until_gone(socket, work)


async def push_feed(socket: WebSocket, ward: Ward) -> None:
    """Push the state of the feed every second."""

    async def work() -> None:
        while True:
            await _send(socket, as_text({**ward.now(), "feed": ward.feed()}))
            await asyncio.sleep(SECOND_S)

    await _until_gone(socket, work)


async def push_hold(socket: WebSocket, ward: Ward, hold: str) -> None:
    """Push the state of a hold's report every second."""

    async def work() -> None:
        while True:
            await _send(socket, as_text({**ward.now(), **ward.hold(hold)}))
            await asyncio.sleep(SECOND_S)

    await _until_gone(socket, work)


async def _send(socket: WebSocket, text: str) -> None:
    await asyncio.wait_for(socket.send_text(text), SLOW_S)


async def _until_gone(socket: WebSocket, work: Callable[[], Awaitable[None]]) -> None:
    """Work for a browser until it goes, or takes nothing any more."""
    await socket.accept()

    async def listen() -> None:
        while True:
            await socket.receive_text()

    tasks = {asyncio.ensure_future(listen()), asyncio.ensure_future(work())}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        gone = (WebSocketDisconnect, TimeoutError, asyncio.CancelledError)
        if isinstance(error, BaseException) and not isinstance(error, gone):
            raise error
