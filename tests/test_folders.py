"""A folder gets all files of a run, or none."""

import errno
from pathlib import Path

import pytest

from joey.errors import InputError
from joey.folders import landing


def land(folder: Path, *names: str, full: str | None = None) -> None:
    """Write empty files; then the disk is full, where a name is given."""
    with landing(folder) as beside:
        for name in names:
            (beside / name).touch()
        if full is not None:
            raise OSError(errno.ENOSPC, "No space left", str(beside / full) if full else None)


@pytest.mark.parametrize("name", ["b", ""])
def test_a_full_disk_is_told_with_the_files_own_name(name: str, tmp_path: Path) -> None:
    """The folder beside, of which nobody knows, is neither named nor left; old files stay."""
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="No space left") as told:
        land(tmp_path, "a", full=name)

    assert Path(told.value.filename) == tmp_path / name
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_no_file_moves_when_one_cannot(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="b is a folder"):
        land(tmp_path, "a", "b")

    assert [path.name for path in tmp_path.iterdir()] == ["b"]
