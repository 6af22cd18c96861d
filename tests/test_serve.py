"""The page a running Joey shows: that one page, on this machine alone."""

import http.client
import re
import threading
from pathlib import Path

import pytest

from joey.serve import show


def test_one_page_is_served_and_nothing_beside_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No method tells of other files: not what is in them, not their size, not that they exist."""
    (tmp_path / "report.html").write_text("the page")
    (tmp_path / "holds.csv").write_text("an infant's key")
    (tmp_path / "data").mkdir()
    wish = {"browser": False, "exit_after": 5.0}
    thread = threading.Thread(target=show, args=(tmp_path, "report.html"), kwargs=wish, daemon=True)
    thread.start()
    said, found = "", None
    while found is None and thread.is_alive():
        said += capfd.readouterr().out
        found = re.search(r"http://([\d.]+):(\d+)/", said)
    assert found
    assert found[1] == "127.0.0.1"

    def ask(method: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(found[1], int(found[2]), timeout=5)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    assert ask("GET", "/") == ask("GET", "/report.html") == (200, b"the page")
    assert ask("HEAD", "/") == (200, b"")
    for path in ("/holds.csv", "/data", "/data/", "/../report.html", "/report.html?x"):
        assert {ask(method, path)[0] for method in ("GET", "HEAD")} == {404}, path
