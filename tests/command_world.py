"""Two weeks and more of three provinces on all six platforms, and the same rows for pandas."""

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl

from data_access import migrations
from data_access.chain.refresh import refresh
from data_access.engine import make_engine, writing
from data_access.ingest.intake import Intake
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer
from simulations.feeds.files import Writer
from simulations.feeds.model import FeedSpec
from simulations.feeds.stream import stream
from tests.db.gate import KEY

FIRST, DAYS = date(2021, 8, 16), 17
LAST = date(2021, 9, 1)
NOW = datetime(2021, 9, 2, 1, tzinfo=UTC)
PROVINCES = ("79", "48", "01")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
REGISTERS = ("facility", "laboratory", "site", "place")


def write_records(folder: Path) -> None:
    """Write the records to files, one for each kind."""
    spec = FeedSpec(first_day=FIRST, days=DAYS, seed=4, thin=1 / 400, provinces=PROVINCES)
    writer = Writer(folder)
    for day in stream(spec, areas=bundled_pack("vn").areas):
        writer.add(day.records)
    writer.close()


def fill(url: str, folder: Path) -> None:
    """Bring a database to head and the files through its gate."""
    engine = make_engine(url)
    migrations.upgrade(engine)
    with writing(engine) as connection:
        load_reference(connection, bundled_pack("vn"))
    gate = Intake(
        engine=engine,
        areas=load_areas(engine, viewer=system_viewer(NOW)),
        clock=lambda: NOW,
        pseudonym_key=KEY,
        rejects_folder=folder / "rejects",
    )
    paths = sorted(folder.glob("*/*.*"), key=lambda path: (path.stem not in REGISTERS, path))
    for path in paths:
        done = gate.records(
            path, platform=path.parent.name, kind=path.stem, source="mo-phong", known_at=NOW
        )
        assert done.counts.rejected == 0, path
    refresh(engine, clock=lambda: NOW, zone=ZONE.key)
    engine.dispose()


@cache
def rows_of(folder: Path, platform: str, kind: str, key: str) -> pd.DataFrame:
    """Return a kind's records as text, the last version of each; moments as local days beside.

    Reads the files themselves, not what the gate made of them.
    """
    [path] = (folder / platform).glob(f"{kind}.*")
    if path.suffix == ".parquet":
        found = pl.read_parquet(path).to_pandas()
    elif path.suffix == ".ndjson":
        lines = path.read_text(encoding="utf-8").splitlines()
        found = pd.DataFrame([json.loads(line) for line in lines])
    else:
        found = pd.read_csv(path, dtype=str, keep_default_na=False)
    version = pd.to_numeric(found["version"]) if "version" in found else pd.Series(1, found.index)
    found = found.assign(version=version).sort_values("version", kind="stable")
    return found.drop_duplicates(key, keep="last").reset_index(drop=True)


def local_day(moments: pd.Series) -> pd.Series:
    """Return the calendar day in Vietnam of each moment; NaT where there is none."""
    parsed = pd.to_datetime(moments.replace("", None), utc=True, format="ISO8601", errors="raise")
    return parsed.dt.tz_convert(ZONE).dt.date


def moment(values: pd.Series) -> pd.Series:
    """Return moments as UTC timestamps."""
    return pd.to_datetime(values.replace("", None), utc=True, format="ISO8601", errors="raise")
