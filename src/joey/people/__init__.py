"""Who an infant is: identifiers, dated names, and when two accounts are of one infant.

Nothing here knows a database, a message or a page. A name never finds an infant; it only agrees
with one, or does not.
"""

from joey.people.identity import Account, Agreement, Identity, agree, keys_of
from joey.people.names import FORMERLY_DAYS, DatedName, ShownName, fold_name, show_name

__all__ = [
    "FORMERLY_DAYS",
    "Account",
    "Agreement",
    "DatedName",
    "Identity",
    "ShownName",
    "agree",
    "fold_name",
    "keys_of",
    "show_name",
]
