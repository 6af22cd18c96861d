"""What `joey check` says of a recording."""

from joey import check
from joey.signals import Clock


def test_a_time_is_rounded_before_it_is_split() -> None:
    """No minute has 60 seconds."""
    undated = Clock(dated=False)
    assert check._said(3599.9996, undated) == "1:00:00.000 from the start"
    assert check._said(59.9994, undated) == "0:00:59.999 from the start"
