"""Every platform through the gate: the cube equals a plain count, and `verify` agrees."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import from_day
from data_access.contracts.model import DTYPES
from data_access.contracts.registry import record_kind
from data_access.cube.verify import verify
from data_access.ingest.intake import Intake
from data_access.viewer import system_viewer
from tests.conftest import Database
from tests.db.gate import open_gate
from tests.platform_counts import Counted, counted
from tests.platform_rows import MAKERS, Row, as_texts
from tests.unit.ingest.support import write_csv

KNOWN_AT = datetime(2022, 2, 1, 9, tzinfo=UTC)
N_ROWS = 120
FORMATS = ("csv", "ndjson", "parquet")
pytestmark = [pytest.mark.db, pytest.mark.vietnam]


@pytest.fixture
def intake(database: Database, tmp_path: Path) -> Intake:
    return open_gate(database, tmp_path, clock=lambda: KNOWN_AT + timedelta(days=9))


def write(folder: Path, name: str, rows: list[Row], *, platform: str, fmt: str) -> Path:
    path = folder / f"{name}.{fmt}"
    if fmt == "csv":
        return write_csv(path, as_texts(rows))
    if fmt == "ndjson":
        lines = [json.dumps({k: v for k, v in row.items() if v}) for row in as_texts(rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path
    fields = record_kind(platform, kind=name.split("-", maxsplit=1)[0]).all_fields()
    schema = {each.name: DTYPES[each.kind] for each in fields}
    present = {row_name: schema[row_name] for row in rows for row_name in row}
    pl.DataFrame(rows, schema=present).write_parquet(path)
    return path


def revised(rng: Random, kind: str, platform: str, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Return what a second file says (changed and deleted records) and what then holds."""
    second: list[Row] = []
    final = list(rows)
    key = record_kind(platform, kind=kind).key
    for number, row in enumerate(rows):
        if number % 4 == 0:
            changed = {**MAKERS[platform][kind](rng, number), key: row[key]}
            second.append({**changed, "version": 1, "deleted": None})
            final[number] = changed
        if number % 10 == 3:
            second.append({**row, "version": 1, "deleted": True})
            final[number] = {}
    return second, [row for row in final if row]


def held(engine: sa.Engine) -> Counted:
    """Return what the cube holds now: (measure, day, area, breakdown) → (value, records)."""
    cube, measure = tables.cube_current, tables.measure
    query = (
        sa.select(
            measure.c.key, cube.c.day, tables.area.c.code, tables.breakdown.c.dims,
            cube.c.value, cube.c.n,
        )
        .join(measure, measure.c.measure_id == cube.c.measure_id)
        .join(tables.area, tables.area.c.area_id == cube.c.area_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == cube.c.breakdown_id)
    )  # fmt: skip
    with engine.connect() as connection:
        return {
            (key, from_day(day), area, dims): (int(value), n)
            for key, day, area, dims, value, n in connection.execute(query)
        }


@pytest.mark.parametrize("platform", MAKERS)
def test_the_cube_is_a_plain_count_of_what_was_delivered(
    platform: str, intake: Intake, tmp_path: Path
) -> None:
    rng = Random(20210902)  # noqa: S311 -- rows of a test
    expected: Counted = {}
    for number, (kind, make) in enumerate(MAKERS[platform].items()):
        rows = [make(rng, n) for n in range(N_ROWS)]
        second, final = revised(rng, kind, platform, rows)
        for step, (delivered, new, updated) in enumerate(
            [(rows, N_ROWS, 0), (rows, 0, 0), (second, 0, len(second))]
        ):
            fmt = FORMATS[(number + step) % 3]
            path = write(tmp_path, f"{kind}-{step}", delivered, platform=platform, fmt=fmt)
            outcome = intake.records(
                path, platform=platform, kind=kind, source="s",
                known_at=KNOWN_AT + timedelta(hours=step),
            )  # fmt: skip
            counts = outcome.counts
            assert (counts.new, counts.updated, counts.rejected) == (new, updated, 0), fmt
            assert counts.balanced
        expected |= counted(kind, final)
    assert held(intake.engine) == expected
    verdict = verify(intake.engine, viewer=system_viewer(KNOWN_AT), zone=intake.zone)
    assert verdict.differences.is_empty()
    assert verdict.n_versions >= N_ROWS * len(MAKERS[platform])
