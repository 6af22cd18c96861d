"""Reading recordings whole, beside edfio, wfdb and polars: bytes from the cache of the system.

The files are written here, byte by byte, by nobody's reader. Joey's side is `joey.sources.read`: it
takes counts, finds gaps, names channels, and hashes the file.
"""

from __future__ import annotations

import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, absent, measure, peer, shown, version

from joey.sources import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from joey.signals import Recording

FS = 250
LEADS = ("ECG I", "ECG II", "Resp")
GAIN = 200.0  # counts per mV


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield an EDF file, a WFDB record in formats 16 and 212, and a table."""
    hours, runs = (0.1, 3) if quick else (8.0, RUNS)
    counts = waves(round(hours * 3600) * FS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield edf(folder, counts, hours, runs)
        for layout in ("16", "212"):
            yield wfdb(folder, counts, layout, hours, runs)
        yield table(folder, 3_600 if quick else 7 * 86_400, runs)


def edf(folder: Path, counts: NDArray[np.int16], hours: float, runs: int) -> Row:
    """Return the row of an EDF file."""
    path = folder / "day.edf"
    path.write_bytes(edf_bytes(counts))
    work = f"read EDF, {hours:g} h, {len(LEADS)} signals at {FS} Hz"
    edfio = peer("edfio")
    if edfio is None:
        return absent(work, lambda: read(path), "edfio", None, runs)
    seen = measure(
        lambda: read(path),
        lambda: [np.array(each.digital) for each in edfio.read_edf(path).signals],
        runs=runs,
    )
    return seen.row(
        work,
        peer_version=version("edfio"),
        agrees=same(seen.answer, seen.peer_answer),
        note=f"counts exact; both take counts; {hashing(path)}",
    )


def wfdb(folder: Path, counts: NDArray[np.int16], layout: str, hours: float, runs: int) -> Row:
    """Return the row of a WFDB record in one format."""
    stem = folder / f"day{layout}"
    stem.with_suffix(".dat").write_bytes(packed(counts, layout))
    lines = [f"{stem.name} {len(LEADS)} {FS} {counts.shape[1]}"]
    lines += [f"{stem.name}.dat {layout} {GAIN:g}(0)/mV 12 0 0 0 0 {lead}" for lead in LEADS]
    stem.with_suffix(".hea").write_text("\n".join(lines) + "\n", encoding="ascii")
    work = f"read WFDB format {layout}, {hours:g} h, {len(LEADS)} signals at {FS} Hz"
    header = stem.with_suffix(".hea")
    package = peer("wfdb")
    if package is None:
        return absent(work, lambda: read(header), "wfdb", None, runs)
    seen = measure(
        lambda: read(header), lambda: package.rdrecord(str(stem), physical=False), runs=runs
    )
    return seen.row(
        work,
        peer_version=version("wfdb"),
        agrees=same(seen.answer, list(seen.peer_answer.d_signal.T)),
        note=(
            "counts exact; both take counts (wfdb's default, physical floats, takes longer); "
            f"{hashing(stem.with_suffix('.dat'))}"
        ),
    )


def table(folder: Path, seconds: int, runs: int) -> Row:
    """Return the row of a table of numerics at 1 Hz."""
    import polars as pl  # noqa: PLC0415 - it takes a second to import

    path = folder / "numerics.csv"
    at = np.arange(seconds)
    rate = np.rint(150 + 10 * np.sin(at / 300)).astype(int)
    spo2 = np.rint(94 + 4 * np.sin(at / 170)).astype(int)
    lines = [f"{t},{hr},{o2}" for t, hr, o2 in zip(at, rate, spo2, strict=True)]
    path.write_text("\n".join(["time [s],HR [bpm],SpO2 [%]", *lines]) + "\n", encoding="ascii")
    seen = measure(lambda: read(path), lambda: pl.read_csv(path), runs=runs)
    theirs = [seen.peer_answer[:, k].to_numpy() for k in (1, 2)]
    return seen.row(
        f"read CSV, {seconds / 86_400:.3g} days of 2 numerics at 1 Hz",
        peer_version=version("polars"),
        agrees=all(np.array_equal(a, b) for a, b in zip(values(seen.answer), theirs, strict=True)),
        note=(
            "values exact; polars parses for both: what Joey adds is times that are checked, "
            f"numbers as counts, names, units and gaps; {hashing(path)}"
        ),
    )


def hashing(path: Path) -> str:
    """Return how much of Joey's time the hash of a file takes, in words."""
    data = path.read_bytes()
    seconds = measure(lambda: sha256(data).digest(), runs=3).ours
    return f"{shown(seconds)} of Joey's time is the file's SHA-256, which no peer takes"


def values(recording: Recording) -> list[NDArray[np.float64]]:
    """Return the values of each channel, whichever way they are kept."""
    return [each.values for each in (*recording.signals, *recording.series)]


def same(recording: Recording, theirs: list[NDArray[np.integer]]) -> bool:
    """Return whether all signals have the peer's counts."""
    ours = [each.segments[0].counts for each in recording.signals]
    return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))


def waves(n: int) -> NDArray[np.int16]:
    """Return counts of 12 bits that move as biosignals do, shape (3, n)."""
    rng = np.random.default_rng(12)
    t = np.arange(n) / FS
    rows = [800 * np.sin(2 * np.pi * hz * t) ** 9 for hz in (2.5, 2.6, 0.8)]
    return np.rint(np.stack(rows) + rng.normal(0, 5, (3, n))).astype(np.int16)


def edf_bytes(counts: NDArray[np.int16]) -> bytes:
    """Return an EDF file with records of one second."""
    n = len(LEADS)
    records = counts.shape[1] // FS

    def fields(width: int, *texts: str) -> bytes:
        return "".join(text.ljust(width) for text in texts).encode("ascii")

    head = fields(8, "0") + fields(80, "X X X X", "Startdate 01-JAN-2024 X X X")
    head += fields(8, "01.01.24", "00.00.00", str(256 * (n + 1)))
    head += fields(44, "") + fields(8, str(records), "1") + fields(4, str(n))
    head += fields(16, *LEADS) + fields(80, *[""] * n) + fields(8, *["mV"] * n)
    head += fields(8, *["-10"] * n, *["10"] * n, *["-2000"] * n, *["2000"] * n)
    head += fields(80, *[""] * n) + fields(8, *[str(FS)] * n) + fields(32, *[""] * n)
    body = counts.reshape(n, records, FS).transpose(1, 0, 2).astype("<i2")
    return head + body.tobytes()


def packed(counts: NDArray[np.int16], layout: str) -> bytes:
    """Return samples in turns, in words of 16 bits or pairs of 12 bits."""
    flat = counts.T.ravel()
    if layout == "16":
        return flat.astype("<i2").tobytes()
    pairs = (flat[: len(flat) // 2 * 2].astype(np.int64) & 0xFFF).reshape(-1, 2)
    out = np.empty((len(pairs), 3), np.uint8)
    out[:, 0] = pairs[:, 0] & 0xFF
    out[:, 1] = (pairs[:, 0] >> 8) | (pairs[:, 1] >> 8 << 4)
    out[:, 2] = pairs[:, 1] & 0xFF
    return out.tobytes()
