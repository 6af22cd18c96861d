"""The pages: the unit, a bed, the feed.

They read journal, archive and records, and write nothing but taps, into the journal.
"""

from joey.web.app import make_app
from joey.web.guard import Door, loopback
from joey.web.sessions import Sessions

__all__ = ["Door", "Sessions", "loopback", "make_app"]
