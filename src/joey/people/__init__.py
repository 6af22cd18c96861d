"""Who an infant is: identifiers, dated names, and when two accounts are of one infant.

Nothing here knows a database, a message or a page. A name never finds an infant; it only agrees
with one, or does not.
"""

from joey.people.identity import (
    Account,
    Agreement,
    Identity,
    agree,
    is_one_number,
    keys_of,
    sure_keys_of,
)
from joey.people.names import (
    FORMERLY_DAYS,
    DatedName,
    ShownName,
    fold_name,
    isolated,
    plain_name,
    show_name,
)
from joey.people.rooms import bed_labels, room_order
from joey.people.streams import StreamKey, identity_digest, stream_id, stream_key

__all__ = [
    "FORMERLY_DAYS",
    "Account",
    "Agreement",
    "DatedName",
    "Identity",
    "ShownName",
    "StreamKey",
    "agree",
    "bed_labels",
    "fold_name",
    "identity_digest",
    "is_one_number",
    "isolated",
    "keys_of",
    "plain_name",
    "room_order",
    "show_name",
    "stream_id",
    "stream_key",
    "sure_keys_of",
]
