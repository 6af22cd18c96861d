"""What lies behind goes back page by page, and nothing else does."""

import numpy as np

from joey.workspaces import PAGE, lay_out


def test_arrays_of_a_workspace_are_zero_and_begin_at_pages_of_their_own() -> None:
    space, arrays = lay_out((np.int32, 3), (np.bool_, PAGE + 1), (np.float64, 2))
    assert [each.size for each in arrays] == [3, PAGE + 1, 2]
    assert not any(each.any() for each in arrays)
    assert [each.ctypes.data % PAGE for each in arrays] == [0, 0, 0]
    assert not space.given


def test_whole_pages_behind_go_and_all_else_stays() -> None:
    """Also of an array beside, and where more is said to lie behind than there is."""
    space, (one, other) = lay_out((np.int64, 3 * PAGE // 8 + 5), (np.int64, 7))
    one[:], other[:] = 1, 2

    space.forget(one, -4)
    space.forget(one, PAGE // 8 - 1)
    assert one.all()
    assert not space.given
    space.forget(one, PAGE // 8 + 3)
    assert space.given
    assert one[PAGE // 8 :].all()
    one[: PAGE // 8] = 3  # what was given back may be written to again, and is kept then
    space.forget(one, 9 * PAGE)
    assert (one[: PAGE // 8] == 3).all()
    assert (one[3 * PAGE // 8 :] == 1).all()
    assert (other == 2).all()
