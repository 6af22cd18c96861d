"""The scripts of the pages: their types, and that they are ours and stay here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
WEB = HERE.parents[1] / "src" / "joey" / "web"
FILES = sorted([*WEB.glob("static/*"), *WEB.glob("templates/*")])


def tsc() -> list[str]:
    """Return how TypeScript's compiler is called here; skip where it is not installed."""
    if found := shutil.which("tsc"):
        return [found]
    if node := shutil.which("node"):
        asked = [node, "-p", "require.resolve('typescript/package.json')"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return [node, str(Path(done.stdout.strip()).parent / "bin" / "tsc")]
    pytest.skip("no TypeScript (npm install -g typescript): types of the scripts are not checked")


def test_types() -> None:
    """The JSDoc types of all scripts hold, strictly."""
    done = subprocess.run(
        [*tsc(), "-p", str(HERE / "tsconfig.json")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    """No address of another server, no script or style in the page, no sound, no alarm's flash."""
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://|@import|<style|onclick|innerHTML|eval\(|new Audio", text)
    if path.suffix == ".html":
        assert not re.search(r'<script(?! (type="module" )?src="/static/)', text)
        assert not re.search(r"\sstyle=", text)
    if path.suffix == ".css":
        assert "@keyframes" not in text
