"""When a monitor's messages came, and by how much later than they were measured.

A message that was kept back comes later after its stamp than the monitor's clock is off. How far
the clock is off is known only from messages that come as time goes by: before there were some,
nothing here has a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from operator import itemgetter

from joey.signals import NS

__all__ = ["FAR_NS", "Arrivals"]

FAR_NS = 300 * NS  # ns behind now, from which data are called earlier ones
STEADY_NS = 5 * NS  # ns, by which messages of the present come earlier or later than others
SETTLED_NS = 15 * NS  # ns of messages as time goes by, after which they are of the present
APART_NS = 30 * NS  # ns between the delays that are kept
MOST = 2048  # delays that are kept: a backlog of 17 hours


class Arrivals:
    """The delays of one monitor's messages, as long as its clock is not set.

    A delay is when a message was received less the newest stamp until then: the offset of the
    clocks, and for how long the message was kept back.
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[int, int]] = deque(maxlen=MOST)  # received, and its delay
        self._last: tuple[int, int] | None = None
        self._run = (0, 0, 0)  # messages as time goes by: since when, least and largest delay
        self._fell_ns = 0  # when more came than time went by
        self._largest = 0  # delay
        self._earlier: tuple[int, int] | None = None  # before the first message that was heard
        self._lays = True  # whether what came before can be laid by what comes now
        self._offset_ns: int | None = None  # of the clocks, by the last such messages

    def take(self, received_ns: int, newest_ns: int) -> None:
        """Take when a message came and the newest stamp until then. [ns UTC, and the device's]"""
        delay = received_ns - newest_ns
        before_ns, before = self._last or (received_ns, delay)
        if self._last is None or received_ns < before_ns - STEADY_NS:
            self._lays = self._last is None
            self._begin(received_ns, delay)  # the host's clock was set back
        elif delay < before - FAR_NS:
            # The monitor's clock was set, or data are missing: what came before cannot be laid by
            # what comes now.
            self._kept.clear()
            self._earlier, self._lays = None, False
        received_ns = max(received_ns, self._last[0] if self._last else received_ns)
        if not self._kept or abs(delay - self._kept[-1][1]) > APART_NS:
            self._kept.append((received_ns, delay))
        self._last = received_ns, delay
        self._largest = max(self._largest, delay)
        since, least, largest = self._run
        if largest - delay > STEADY_NS:
            self._fell_ns = received_ns
        least, largest = min(least, delay), max(largest, delay)
        if largest - least > STEADY_NS:
            since, least, largest = received_ns, delay, delay
        self._run = since, least, largest
        if received_ns - since >= SETTLED_NS:
            self._offset_ns = least
            at, kept = self._kept[-1]
            if abs(kept - least) > STEADY_NS:
                self._kept.append((max(at, since), least))

    def _begin(self, received_ns: int, delay: int) -> None:
        self._kept.clear()
        self._last = self._offset_ns = self._earlier = None
        self._run = received_ns, delay, delay
        self._fell_ns, self._largest = 0, delay

    def asks(self, received_ns: int) -> bool:
        """Whether it is not known how late was what came at a time, but could be laid if it was."""
        heard = bool(bisect_right(self._kept, received_ns, key=itemgetter(0)))
        return self._lays and not heard and (self._earlier or (0, 0))[0] != received_ns

    def take_earlier(self, received_ns: int, newest_ns: int) -> None:
        """Take of one that came before all that was heard when, and its newest stamp; see `take`.

        After a restart in a backlog it is that which is read now: it is before what is heard.
        """
        if self.asks(received_ns):
            self._earlier = received_ns, received_ns - newest_ns

    def arriving(self, now_ns: int) -> int | None:
        """Return what time the data are of that come, where they were kept back; None: none were.

        More must have come than time went by, and the newest must be minutes old still: what is a
        little late, and a clock that was set, is no backlog.

        Parameters
        ----------
        now_ns : int
            The host's time. [ns UTC]

        Returns
        -------
        int or None
            By the host's clock, 0 where the monitor's is not known. [ns UTC]
        """
        if self._last is None or now_ns - self._fell_ns >= SETTLED_NS:
            return None
        received_ns, delay = self._last
        if self._offset_ns is None:
            comes = self._largest - delay > FAR_NS and now_ns - received_ns + delay > FAR_NS
            return 0 if comes else None
        behind = delay - self._offset_ns
        return received_ns - behind if behind > FAR_NS else None

    def measured_ns(self, received_ns: int) -> int:
        """Return when what came at a time was measured, by the host's clock; 0: not known.

        Parameters
        ----------
        received_ns : int
            By the host's clock. [ns UTC]
        """
        place = bisect_right(self._kept, received_ns, key=itemgetter(0))
        known = self._kept[place - 1] if place else self._earlier
        if self._offset_ns is None or known is None or received_ns < known[0]:
            return 0
        return received_ns - max(known[1] - self._offset_ns, 0)
