"""Several writers and a reader at the same database at once: nothing lost, doubled or waited for.

`python -m benchmarks.concurrency [--seconds 120]` measures two minutes on each database. Four
processes write without a pause: two platforms of their own, and two that deliver other files
under one and the same source, with other versions of the same records. A fifth reads, and checks in
every snapshot that the cube holds what the records say.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import sqlalchemy as sa

from benchmarks.databases import has_postgres, intake_of, postgres_url, ready_engine
from data_access import tables
from data_access.cube.verify import verify
from data_access.engine import make_engine
from data_access.reader import snapshot
from data_access.viewer import system_viewer

ZONE = "Asia/Ho_Chi_Minh"
PLACES = (("01", "001"), ("79", "760"))
PRODUCTS = ("AZ", "PF", "MD")
Version = tuple[int, str]
"""Version of a record and what it says."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """One process that delivers file after file.

    Attributes:
        number: tells its files and, where the source is shared, its versions from the others'.
        platform: vaccination or declarations.
        source: who delivers.
        rows: rows of a file.
        ids: how many records there are; files speak of any of them.
    """

    number: int
    platform: str
    source: str
    rows: int
    ids: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of it.

    Attributes:
        files: files taken in.
        rows: rows taken in.
        reads_ms: how long each of the reader's snapshots took, sorted.
        torn: snapshots in which cube and records disagreed.
        lost: records that do not say what their highest version says.
        differences: what `verify` found.
    """

    files: int
    rows: int
    reads_ms: tuple[float, ...]
    torn: int
    lost: int
    differences: int

    def read_ms(self, share: float) -> float:
        """Return the latency that this share of the reads did not exceed."""
        return self.reads_ms[min(len(self.reads_ms) - 1, int(share * len(self.reads_ms)))]


def writers(*, rows: int, ids: int) -> tuple[Writer, ...]:
    """Return the four: two with a source of their own, two that share one."""
    own = (("vaccination", "own"), ("declarations", "own"))
    shared = (("vaccination", "shared"), ("vaccination", "shared"))
    return tuple(
        Writer(number=number, platform=platform, source=source, rows=rows, ids=ids)
        for number, (platform, source) in enumerate((*own, *shared))
    )


def run_together(url: str, *, writers: tuple[Writer, ...], seconds: float, folder: Path) -> Found:
    """Let writers and a reader loose on a prepared database, then look at what they left."""
    # Fresh processes: a forked one would share connections and threads with this one.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(writers) + 1, mp_context=context) as pool:
        writing = [pool.submit(_write, url, each, seconds, folder) for each in writers]
        reading = pool.submit(_read, url, seconds)
        written = [each.result() for each in writing]
        reads, torn = reading.result()
    engine = make_engine(url)
    try:
        lost = _lost(engine, dict(zip(writers, written, strict=True)))
        found = verify(engine, viewer=system_viewer(datetime.now(UTC)), zone=ZONE)
    finally:
        engine.dispose()
    return Found(
        files=sum(files for files, _ in written),
        rows=sum(files * each.rows for (files, _), each in zip(written, writers, strict=True)),
        reads_ms=tuple(sorted(reads)),
        torn=torn,
        lost=lost,
        differences=found.differences.height,
    )


def _write(
    url: str, writer: Writer, seconds: float, folder: Path
) -> tuple[int, dict[str, Version]]:
    """Deliver files until the time is up; return how many, and what was said last of each id."""
    chance = Random(writer.number)  # noqa: S311 -- invented rows, not secrets
    said: dict[str, Version] = {}
    engine, n_files = make_engine(url), 0
    mine = folder / f"writer-{writer.number}"
    mine.mkdir()
    intake = replace(intake_of(engine, folder=mine), clock=lambda: datetime.now(UTC))
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            # Versions of the writers that share a source never meet.
            version = n_files * 10 + writer.number
            path = _file(mine / f"{n_files}.csv", writer, version, chance=chance, said=said)
            outcome = intake.records(
                path,
                platform=writer.platform,
                source=writer.source,
                known_at=datetime.now(UTC),
            )
            if outcome.counts.read != writer.rows or outcome.counts.rejected:
                raise RuntimeError(f"the gate did not take all rows: {outcome.counts}")
            path.unlink()
            n_files += 1
    finally:
        engine.dispose()
    return n_files, said


def _file(
    path: Path, writer: Writer, version: int, *, chance: Random, said: dict[str, Version]
) -> Path:
    is_dose = writer.platform == "vaccination"
    header = "dose_event_id,dose_no,vaccine_code,vaccinated_at" if is_dose else (
        "declaration_id,declared_at"
    )  # fmt: skip
    lines = [f"{header},province_code,district_code,version"]
    for number in chance.sample(range(writer.ids), writer.rows):
        key, product = f"R{number}", chance.choice(PRODUCTS)
        said[key] = (version, product if is_dose else "")
        province, district = chance.choice(PLACES)
        at = f"2021-07-{1 + chance.randrange(28):02d}T09:00:00+07:00"
        told = f"{key},1,{product},{at}" if is_dose else f"{key},{at}"
        lines.append(f"{told},{province},{district},{version}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _read(url: str, seconds: float) -> tuple[list[float], int]:
    """Read snapshots until the time is up; return their milliseconds and how many were torn."""
    engine = make_engine(url)
    taken: list[float] = []
    torn = 0
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            started = time.perf_counter()
            n_doses, totals = _snapshot(engine)
            taken.append(1000 * (time.perf_counter() - started))
            torn += any(total != n_doses for total in totals)
            time.sleep(0.05)
    finally:
        engine.dispose()
    return taken, torn


def _snapshot(engine: sa.Engine) -> tuple[int, list[float]]:
    """Return (doses in the records, doses in each grain of the cube), as one snapshot has them."""
    winner, _ = tables.record_tables("vaccination", "dose")
    cube, breakdown, area = tables.cube_current, tables.breakdown, tables.area
    measure = tables.measure
    totals = (
        sa.select(sa.func.sum(cube.c.value))
        .join(breakdown, breakdown.c.breakdown_id == cube.c.breakdown_id)
        .join(area, area.c.area_id == cube.c.area_id)
        .join(measure, measure.c.measure_id == cube.c.measure_id)
        .where(measure.c.key == "doses")
        .group_by(area.c.level, breakdown.c.cut)
    )
    with snapshot(engine, viewer=system_viewer(datetime.now(UTC))) as connection:
        n_doses = connection.execute(
            sa.select(sa.func.count()).select_from(winner).where(winner.c.deleted == 0)
        ).scalar_one()
        found = [float(total) for (total,) in connection.execute(totals)]
    return int(n_doses), found


def _lost(engine: sa.Engine, told: Mapping[Writer, tuple[int, dict[str, Version]]]) -> int:
    """Return how many records are missing or do not say what was said last of them."""
    expected: dict[tuple[str, str, str], Version] = {}
    for writer, (_, said) in told.items():
        for key, version in said.items():
            name = (writer.platform, writer.source, key)
            expected[name] = max(expected.get(name, version), version)
    held: dict[tuple[str, str, str], Version] = {}
    for platform in ("vaccination", "declarations"):
        held |= _held(engine, platform)
    return sum(held.get(name) != version for name, version in expected.items()) + len(
        held.keys() - expected.keys()
    )


def _held(engine: sa.Engine, platform: str) -> dict[tuple[str, str, str], Version]:
    kind = "dose" if platform == "vaccination" else "declaration"
    winner, _ = tables.record_tables(platform, kind)
    says = winner.c.vaccine_code if platform == "vaccination" else sa.literal("")
    query = sa.select(tables.source.c.name, winner.c.record_id, winner.c.version, says).join(
        tables.source, tables.source.c.source_id == winner.c.source_id
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {(platform, name, key): (version, text) for name, key, version, text in rows}


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, str]]:
    urls = {"SQLite": f"sqlite:///{folder / 'together.sqlite'}"}
    if not has_postgres():
        yield urls
        return
    server = folder / "server"
    server.mkdir()
    server.chmod(0o755)
    with postgres_url(server) as url:
        yield {**urls, "PostgreSQL": url}


def main() -> None:
    """Measure on each database and print one line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.concurrency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="tuyendau-together-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _databases(folder) as urls:
            for title, url in urls.items():
                with ready_engine(url):
                    files = folder / f"files-{title}"
                    files.mkdir()
                crew = writers(rows=2_000, ids=20_000)
                found = run_together(url, writers=crew, seconds=seconds, folder=files)
                print(_sentence(title, found, seconds=seconds), flush=True)


def _sentence(title: str, found: Found, *, seconds: float) -> str:
    reads = ", ".join(
        f"{name} {found.read_ms(share):.0f} ms"
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    )
    return (
        f"{title}: {seconds:.0f} s, {found.files} files, {found.rows:,} rows; "
        f"{len(found.reads_ms)} reads, {reads}; torn snapshots {found.torn}, "
        f"lost updates {found.lost}, differences {found.differences}"
    )


if __name__ == "__main__":
    main()
