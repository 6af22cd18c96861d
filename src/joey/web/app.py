"""The routes of the pages. Paths hold keys of beds and ids of holds, never a name."""

from __future__ import annotations

import asyncio
import logging
import pathlib
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Path, Query, Response, WebSocket
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from joey.errors import InputError
from joey.response.letters import letter_rows
from joey.store.journal import StorageError
from joey.web.codes import choices
from joey.web.guard import Door
from joey.web.sockets import Unit, push_bed, push_feed, push_hold
from joey.web.taps import TapError, as_payload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.types import Scope

    from joey.web.sessions import Sessions
    from joey.web.ward import Ward

__all__ = ["make_app"]

HERE = pathlib.Path(__file__).resolve().parent
STEP_S = 0.025  # s, between looks at the journal
RETRY_S = 1.0  # s, after a failure of the disk
LAST_MS = 2**63 // 1_000_000  # ms UTC, what 64 bits of nanoseconds can say
MOST_SEQ = 2**63 - 1  # of a journal
DAY_MS = 86_400_000
FEWEST_COLUMNS = 200  # of a picture of a day, on the narrowest tablet
MOST_COLUMNS = 2000  # of one answer of the OxyCRG
BYTES = "application/octet-stream"
AWAY = "away.js"  # answers for all pages where the server does not
log = logging.getLogger("joey.pages")


class _Static(StaticFiles):
    """Files of the package, asked for anew after an update."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        if path == AWAY:
            response.headers["Service-Worker-Allowed"] = "/"
        return response


def make_app(
    ward: Ward,
    sessions: Sessions,
    hosts: tuple[str, ...],
    cookie: str,
    failed: Callable[[BaseException], None],
) -> Door:
    """Return the application, behind its door.

    Parameters
    ----------
    ward : Ward
        What is shown. The application steps it, from its own loop alone.
    sessions : Sessions
        Which browsers are known.
    hosts : tuple of str
        The names and ports under which it is reached: ``127.0.0.1:8137``.
    cookie : str
        The name of its cookie.
    failed : callable
        Is told of a bug that ended what keeps the pages current: nothing may be shown after it.
    """
    unit = Unit(ward)

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            failed(error)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        runs = (_step(ward), unit.run(), ward.reports.run())
        tasks = [asyncio.create_task(each) for each in runs]
        for task in tasks:
            task.add_done_callback(ended)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ward.close()

    # FastAPI's own pages of documentation load scripts from elsewhere: there are none.
    app = FastAPI(lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    pages = _Pages(ward)
    _add_pages(app, ward, pages)
    _add_data(app, ward, sessions, hosts)
    _add_sockets(app, ward, unit)
    app.mount("/static", _Static(directory=HERE / "static"))
    return Door(app, sessions, hosts, cookie, pages.text("sign", "Not known").encode())


class _Pages:
    """The pages as text."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def text(self, name: str, title: str, *, bed: str = "", hold: str = "") -> str:
        """Return a page that its script will fill; that of a hold says at once what is known."""
        facts = self._ward.facts()
        return self._environment.get_template(f"{name}.html").render(
            page=name,
            title=title,
            bed=bed,
            label=self._ward.label(bed),
            hold=hold,
            state=self._ward.hold(hold) if hold else {},
            zone=facts.zone,
            hour=facts.hour,
            simulated=facts.simulated,
            letter_rows=letter_rows(),
        )


def _add_pages(app: FastAPI, ward: Ward, pages: _Pages) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def _unit() -> str:
        return pages.text("unit", "Unit")

    @app.get("/feed", response_class=HTMLResponse)
    async def _feed() -> str:
        return pages.text("feed", "Feed")

    @app.get("/beds/{bed:path}", response_class=HTMLResponse)
    async def _bed(bed: str) -> HTMLResponse:
        if not ward.has_bed(bed):
            return HTMLResponse(pages.text("missing", "No such bed"), 404)
        return HTMLResponse(pages.text("bed", f"Bed {ward.label(bed)}", bed=bed))

    @app.get("/holds/{hold}", response_class=HTMLResponse)
    async def _hold(hold: str) -> HTMLResponse:
        if not ward.has_hold(hold):
            return HTMLResponse(pages.text("missing", "No such hold"), 404)
        return HTMLResponse(pages.text("hold", "Hold", hold=hold))

    @app.get("/holds/{hold}/report")
    async def _report(hold: str) -> HTMLResponse:
        _known_hold(ward, hold)
        made = ward.report(hold)
        if not made:
            raise HTTPException(404, "not made yet")
        # The page brings its own, narrower policy: its style and script are in it, by their hash.
        return HTMLResponse(made, headers={"Content-Security-Policy": "frame-ancestors 'self'"})


def _no_longer_than(most_ms: float, asked_ms: float) -> None:
    if asked_ms > most_ms:
        raise HTTPException(422, f"a picture is of {most_ms / DAY_MS:g} days at most")


def _add_data(app: FastAPI, ward: Ward, sessions: Sessions, hosts: tuple[str, ...]) -> None:
    @app.get("/api/oxycrg/{bed:path}")
    async def _oxycrg(
        bed: str,
        start: Annotated[float, Query(ge=0, le=LAST_MS)],
        width: Annotated[float, Query(ge=250, le=DAY_MS / FEWEST_COLUMNS)],
        columns: Annotated[int, Query(ge=1, le=MOST_COLUMNS)],
    ) -> Response:
        _known_bed(ward, bed)
        _no_longer_than(2 * DAY_MS, width * columns)
        return Response(ward.oxycrg(bed, start, width, columns), media_type=BYTES)

    @app.post("/api/taps")
    async def _tap(said: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        with _told():
            bed, payload = as_payload(said)
            return ward.tap(bed, payload)

    @app.post("/api/quarantine/{seq}")
    async def _release(seq: Annotated[int, Path(ge=1, le=MOST_SEQ)]) -> dict[str, str]:
        with _told():
            there = ward.release(seq)
        if not there:
            raise HTTPException(404, "it is not in quarantine")
        return {"refused": ""}

    @app.post("/api/apart/{seq}")
    async def _apply_again(seq: Annotated[int, Path(ge=1, le=MOST_SEQ)]) -> dict[str, str]:
        with _told():
            return {"refused": ward.try_again(seq)}

    @app.get("/api/quantities")
    async def _quantities() -> list[dict[str, Any]]:
        return choices()

    @app.post("/api/codes")
    async def _map(said: Annotated[dict[str, Any], Body()]) -> dict[str, str]:
        with _told():
            ward.map_code(said)
        return {"refused": ""}

    @app.post("/api/codes/{seq}/undo")
    async def _take_back(seq: Annotated[int, Path(ge=1, le=MOST_SEQ)]) -> dict[str, str]:
        with _told():
            ward.take_back_code(seq)
        return {"refused": ""}

    @app.post("/api/links")
    async def _link() -> dict[str, str]:
        return {"link": f"http://{hosts[0]}/?token={sessions.new_link()}"}


def _add_sockets(app: FastAPI, ward: Ward, unit: Unit) -> None:
    @app.websocket("/live/unit")
    async def _live_unit(socket: WebSocket) -> None:
        await unit.push(socket)

    @app.websocket("/live/feed")
    async def _live_feed(socket: WebSocket) -> None:
        await push_feed(socket, ward)

    @app.websocket("/live/hold/{hold}")
    async def _live_hold(socket: WebSocket, hold: str) -> None:
        _known_hold(ward, hold)
        await push_hold(socket, ward, hold)

    @app.websocket("/live/bed/{bed:path}")
    async def _live_bed(socket: WebSocket, bed: str) -> None:
        _known_bed(ward, bed)
        await push_bed(socket, ward, bed)


async def _step(ward: Ward) -> None:
    was = ""
    while True:
        try:
            more, why = ward.step(), ""
        except StorageError as error:
            more, why = False, str(error)
        if why and why != was:
            log.warning("%s; it is tried again", why)
        was = why
        await asyncio.sleep(RETRY_S if why else 0 if more else STEP_S)


@contextmanager
def _told() -> Iterator[None]:
    """Tell a browser what was wrong with its wish, or that it could not be stored."""
    try:
        yield
    except (InputError, TapError) as error:
        raise HTTPException(422, str(error)) from None
    except StorageError:
        raise HTTPException(503, "it could not be stored: the disk may be full") from None


def _known_bed(ward: Ward, bed: str) -> None:
    if not ward.has_bed(bed):
        raise HTTPException(404, "there is no such bed")


def _known_hold(ward: Ward, hold: str) -> None:
    if not ward.has_hold(hold):
        raise HTTPException(404, "there is no such hold")
