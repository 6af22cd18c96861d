"""The processes of a running Joey: intake, monitor workers, pages - and the one that keeps them.

They talk through files alone: the journal is their queue.
"""

from joey.serve.settings import HostClock, Settings, read_settings

__all__ = ["HostClock", "Settings", "read_settings"]
