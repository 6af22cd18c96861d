"""Whose hold a report is, said in the page as it is shown: what is kept and passed on has no name.

The page's process imports this, so that a report is told the name that its infant has by now.
"""

from __future__ import annotations

import re
from html import escape

__all__ = ["with_name"]

MARK = re.compile(
    r'<span class="whose">.*?</span>'
)  # of the template; what others wrote is escaped


def with_name(page: str, name: str) -> str:
    """Return the page of one hold with a name in place of the infant's key.

    Parameters
    ----------
    page : str
        As `joey.reports.page.render` makes it.
    name : str
        As people know the infant; with an empty one the page stays as it is.

    Examples
    --------
    >>> with_name('<p>a day · <span class="whose">infant 7</span></p>', "A & B, bed 4")
    '<p>a day · <span class="whose"><strong><bdi>A &amp; B, bed 4</bdi></strong></span></p>'
    """
    said = f'<span class="whose"><strong><bdi>{escape(name)}</bdi></strong></span>'
    return MARK.sub(lambda _: said, page, count=1) if name else page
