"""A listener as small as can be: it acknowledges what it is sent, and keeps it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from joey.sources.hl7 import Frame, Framing, acknowledge, frame


class Heard:
    """Messages in the order in which they came; `deaf` ones are taken and not answered."""

    def __init__(self, deaf: int = 0, port: int = 0) -> None:
        self.messages: list[bytes] = []
        self.others: list[object] = []
        self.port = port
        self.connections = 0
        self._deaf = deaf

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framing = Framing()
        self.connections += 1
        try:
            while data := await reader.read(65536):
                for each in framing.receive(data):
                    if not isinstance(each, Frame):
                        self.others.append(each)
                        continue
                    self.messages.append(each.payload)
                    if self._deaf:
                        self._deaf -= 1
                        return
                    writer.write(frame(acknowledge(each.payload, "AA")))
        except ConnectionError:
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Heard"]:
        """Listen on the loopback address."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
