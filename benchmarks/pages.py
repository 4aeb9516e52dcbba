"""A page's figures from the hot cube: against a scan of the records, and at two sizes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import sqlalchemy as sa

from benchmarks import doses
from benchmarks.databases import ready_engine
from benchmarks.machine import usable_cores
from benchmarks.measure import in_turns, ratio, seconds_of, spread
from benchmarks.rebuild import ZONE
from benchmarks.report import Figure, Section
from data_access import tables
from data_access.carry import insert_frame
from data_access.codes import Level, Origin, Role, to_us
from data_access.contracts.registry import record_kind
from data_access.cube.history import HISTORY_SCHEMA
from data_access.cube.intern import intern_source
from data_access.cube.merge import bump_partitions
from data_access.cube.query import Ask, figures
from data_access.cube.rollup import contributions
from data_access.engine import writing
from data_access.ingest.records import events_from
from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from data_access.viewer import Viewer, make_viewer

SCAN_GOAL, GROWTH_GOAL = 0.1, 1.1
DAY = doses.FIRST_DAY + timedelta(days=280)
NOW = datetime(2022, 3, 1, tzinfo=UTC)
LOOK_BACK = timedelta(days=60)
REPEATS = 5
# What the overview asks: its headline for the country, its map for the provinces.
HEADLINE = (
    "doses", "doses_1", "doses_2", "doses_per_day", "vaccination_coverage_1",
    "vaccination_coverage_full",
)  # fmt: skip
ASKS = (
    Ask(ids=HEADLINE, start=DAY - LOOK_BACK, end=DAY),
    Ask(ids=("doses",), level=Level.PROVINCE, start=DAY, end=DAY),
    Ask(ids=("vaccination_coverage_1",), level=Level.PROVINCE, start=DAY, end=DAY),
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A cube filled from records, and the records.

    Attributes:
        shared: what a server process holds.
        records: the Parquet file.
        rows: how many records.
        cells: how many cells they add up to.
    """

    shared: Shared
    records: Path
    rows: int
    cells: int


@contextmanager
def scene(folder: Path, *, rows: int, records: Path | None = None) -> Iterator[Scene]:
    """Yield a SQLite database whose cube holds what the records add up to."""
    path = records or folder / f"records-{rows}.parquet"
    if not path.exists():
        doses.write_stored(path, rows=rows, seed=21)
    url = f"sqlite:///{folder / f'cube-{rows}.sqlite'}"
    with ready_engine(url) as engine:
        n_cells = _fill(engine, path)
        settings = Settings(
            database_url=url, pseudonym_key="", demo=False, pack="", now=NOW.isoformat()
        )
        shared = open_shared(settings)
        try:
            yield Scene(shared=shared, records=path, rows=rows, cells=n_cells)
        finally:
            shared.close()


def _fill(engine: sa.Engine, records: Path) -> int:
    """Write the cube as one batch would leave it, without the records themselves."""
    kind = record_kind("vaccination", kind="dose")
    cells = contributions(kind, pl.scan_parquet(records), zone=ZONE)
    known_at = to_us(NOW - timedelta(hours=1))
    with writing(engine) as connection:
        source_id = intern_source(connection, "benchmark", origin=Origin.RECORDS)
        events = events_from(
            connection,
            cells.with_columns(known_at=pl.lit(known_at, dtype=pl.Int64)),
            platform="vaccination",
            source_id=source_id,
        )
        connection.execute(sa.insert(tables.batch), _batch(source_id, known_at=known_at))
        rows = events.with_columns(
            value="dvalue",
            n="dn",
            status=pl.lit(0, dtype=pl.Int8),
            batch_id=pl.lit(1, dtype=pl.Int64),
        ).select(list(HISTORY_SCHEMA))
        insert_frame(connection, tables.cube_current, rows.sort(rows.columns[:6]))
        bump_partitions(connection, rows, change_no=1)
    return cells.height


def _batch(source_id: int, *, known_at: int) -> dict[str, object]:
    counts = ("n_bytes", "n_read", "n_new", "n_updated", "n_unchanged", "n_stale", "n_rejected")
    return {
        "origin": Origin.RECORDS.value,
        "platform": "vaccination",
        "record_kind": "dose",
        "source_id": source_id,
        "file_name": "benchmark",
        "sha256": "",
        "known_at": known_at,
        "received_at": known_at,
        "committed_at": known_at,
        **dict.fromkeys(counts, 0),
    }


def page_figures(scene: Scene) -> pl.DataFrame:
    """Return what the overview computes from the hot cube; kept answers are not used."""
    found = [figures(scene.shared.cube, ask, viewer=_viewer()) for ask in ASKS]
    return found[0]


def _viewer() -> Viewer:
    return make_viewer(Role.NATIONAL, now=NOW)


def scanned_figures(connection: duckdb.DuckDBPyConnection, records: Path) -> pl.DataFrame:
    """Return the counts behind the same figures by DuckDB from the records: one statement."""
    day = "CAST(make_timestamp(epoch_us(vaccinated_at) + 25200000000) AS DATE)"
    complete = (
        "CASE vaccine_code WHEN 'JJ' THEN dose_no = '1' WHEN 'AB' THEN dose_no = '3' "
        "ELSE dose_no = '2' END"
    )
    query = f"""
        SELECT {day} AS day, province_id, dose_no, count(*) AS doses,
               count(*) FILTER ({complete}) AS complete
        FROM read_parquet('{records}') WHERE NOT deleted
        GROUP BY ALL
    """  # noqa: S608 -- the file is our own
    counts: pl.DataFrame = connection.sql(query).pl()
    return counts


def measure_scan(scene: Scene, *, turns: int) -> Section:
    """Return the time of a page's figures as a share of DuckDB's scan of the records."""
    connection = duckdb.connect(config={"threads": usable_cores()})
    _check_same(page_figures(scene), scanned_figures(connection, scene.records))
    taken = in_turns(
        {
            "cube": lambda _: _each(lambda: page_figures(scene)),
            "scan": lambda _: _each(lambda: scanned_figures(connection, scene.records), times=1),
        },
        turns=turns,
    )
    figure = Figure(
        name="overview's figures from the hot cube ÷ DuckDB's scan, time",
        found=ratio(taken["cube"], taken["scan"]),
        goal=SCAN_GOAL,
        note=f"{_milliseconds(taken['cube'])} against {_milliseconds(taken['scan'])}; "
        f"{spread(taken['cube'], taken['scan'])}",
    )
    first = _cold(scene)
    return Section(
        title=f"A page's figures, {scene.rows:,} records, {scene.cells:,} cells",
        figures=(figure,),
        remarks=(
            f"{len(HEADLINE)} headline indicators for the country over 61 days and two maps of "
            f"provinces, {len(ASKS)} questions; no answer is kept, but what does not depend on a "
            "question's days (sources, running totals of flows) is, from the first one on.",
            f"The first answer of a fresh process, reading its partitions: {first:.2f} s.",
        ),
    )


def _check_same(cube: pl.DataFrame, scan: pl.DataFrame) -> None:
    ours = cube.filter(id="doses", date=DAY)["value"].item()
    theirs = scan.filter(day=DAY)["doses"].sum()
    if ours != theirs:
        raise RuntimeError(f"the cube says {ours} doses on {DAY}, the records {theirs}")


def _cold(scene: Scene) -> float:
    settings = Settings(
        database_url=scene.shared.engine.url.render_as_string(hide_password=False),
        pseudonym_key="", demo=False, pack="", now=NOW.isoformat(),
    )  # fmt: skip
    fresh = open_shared(settings)
    try:
        again = Scene(shared=fresh, records=scene.records, rows=scene.rows, cells=scene.cells)
        return seconds_of(lambda: page_figures(again))
    finally:
        fresh.close()


def measure_growth(small: Scene, big: Scene, *, turns: int) -> Section:
    """Return the time of a page's figures at many records as a multiple of that at few."""
    for each in (small, big):
        page_figures(each)
    taken = in_turns(
        {
            "big": lambda _: _each(lambda: page_figures(big)),
            "small": lambda _: _each(lambda: page_figures(small)),
        },
        turns=turns,
    )
    figure = Figure(
        name=f"page's figures at {big.rows:,} records ÷ at {small.rows:,}, time",
        found=ratio(taken["big"], taken["small"]),
        goal=GROWTH_GOAL,
        note=f"{_milliseconds(taken['big'])} ({big.cells:,} cells) against "
        f"{_milliseconds(taken['small'])} ({small.cells:,} cells); "
        f"{spread(taken['big'], taken['small'])}",
    )
    return Section(title="Page cost and number of records", figures=(figure,))


def _each(work: Callable[[], object], *, times: int = REPEATS) -> float:
    """Return the shortest time of some repetitions: a page is short, the machine is not quiet."""
    return min(seconds_of(work) for _ in range(times))


def _milliseconds(times: list[float]) -> str:
    return f"{sorted(times)[len(times) // 2] * 1000:,.1f} ms"
