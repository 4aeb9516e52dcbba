"""A country in which what one may not see can be told from what one may.

Three provinces on six platforms. Every name and code of a register bears the mark of its province
(`DAU48`). The same country exists a second time with the records of two provinces changed: who
sees the third one alone must not be able to tell the two countries apart. And a third time with a
later, unpublished state: who sees only what was published must not be able to tell it either.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from data_access.actor import Actor
from data_access.chain.refresh import refresh
from data_access.codes import Role
from data_access.engine import make_engine, writing
from data_access.ingest.intake import Intake
from data_access.migrations import upgrade
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import bundled_pack
from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from data_access.viewer import make_viewer, system_viewer
from tests import command_world as country
from tests.db.gate import KEY

OWN, OTHERS = "79", ("48", "01")
NEIGHBOUR, DISTRICT = "48", "490"
PUBLISHED, LATER = country.NOW, country.NOW + timedelta(hours=1)
NOW = LATER + timedelta(hours=1)
EMBARGO = NOW + timedelta(days=1)
REGISTERS = {
    ("quarantine", "facility"): "facility_id",
    ("testing", "laboratory"): "lab_code",
    ("vaccination", "site"): "site_code",
    ("checkpoints", "place"): "place_code",
    ("tracing", "cluster"): "cluster_id",
}
AN = Actor(account="an", role=Role.NATIONAL)
BINH = Actor(account="binh", role=Role.NATIONAL)
SECRET = {"79": 8_642_975, "48": 7_531_864, "01": 6_420_753}
"""Cases of the later, unpublished state: numbers that nothing else can be."""
LATER_TABLE = """
source = "later"
platform = "tracing"
mode = "snapshot"
precedence = 1
date = { constant = 2021-09-01 }
area = { column = "province", match = "code" }
[[measure]]
id = "cases"
column = "n"
[[measure]]
id = "deaths"
column = "n"
[[measure]]
id = "quarantine_beds"
column = "n"
"""
Frames = Mapping[tuple[str, str], pl.DataFrame]


def mark(province: str) -> str:
    """Return the text that every name and code of a province bears."""
    return f"DAU{province}"


def read(path: Path) -> pl.DataFrame:
    """Return a file of records, values as they are written."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.suffix == ".ndjson":
        return pl.read_ndjson(path, infer_schema_length=None)
    return pl.read_csv(path, infer_schema=False)


def write(frame: pl.DataFrame, path: Path) -> None:
    """Write records in the format of the file's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".ndjson":
        lines = (json.dumps(row, ensure_ascii=False, default=str) for row in frame.to_dicts())
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        frame.write_csv(path)


def marked(frames: dict[tuple[str, str], pl.DataFrame]) -> dict[tuple[str, str], pl.DataFrame]:
    """Write its province into every name and code of a register, wherever it stands."""
    new: dict[str, str] = {}
    for place, key in REGISTERS.items():
        held = frames[place].select(key, "province_code").unique(key)
        new |= {code: f"{code}-{mark(province)}" for code, province in held.iter_rows()}
    columns = (*REGISTERS.values(), "lab")
    made = {}
    for place, frame in frames.items():
        found = frame.with_columns(
            pl.col(name).replace(new) for name in columns if name in frame.columns
        )
        if "name" in frame.columns:
            named = pl.lit("Nơi ") + pl.lit("DAU") + pl.col("province_code")
            found = found.with_columns(name=named)
        made[place] = found
    return made


def spread_out(frames: Frames) -> dict[tuple[str, str], pl.DataFrame]:
    """Return the records with every second cluster moved to another province, cases and all."""
    clusters = frames["tracing", "cluster"]
    moves = pl.col("cluster_id").str.slice(-1).is_in(list("13579"))
    gone = clusters.filter(moves)["cluster_id"].implode()
    cases = frames["tracing", "case"]
    moved = cases.filter(pl.col("cluster_id").is_in(gone))["case_id"].implode()
    told = {
        "cluster": pl.col("cluster_id").is_in(gone),
        "case": pl.col("case_id").is_in(moved),
        "contact": pl.col("index_case_id").is_in(moved),
        "exposure_place": pl.col("case_id").is_in(moved),
    }
    made = dict(frames)
    for kind, there in told.items():
        places = {"province_code": NEIGHBOUR, "district_code": DISTRICT, "ward_code": ""}
        frame = frames["tracing", kind]
        made["tracing", kind] = frame.with_columns(
            pl.when(there).then(pl.lit(code)).otherwise(pl.col(name)).alias(name)
            for name, code in places.items()
            if name in frame.columns
        )
    return made


def changed(frames: Frames) -> dict[tuple[str, str], pl.DataFrame]:
    """Return the records with every second one of the other provinces gone; registers stay.

    Whoever was met in the province itself is left as they are, elsewhere too: movements that touch
    a province, and cases of others at its own places, are the province's by design.
    """
    met = {
        one
        for frame in frames.values()
        if "id_no" in frame.columns
        for one in frame.filter(pl.col("province_code") == OWN)["id_no"].drop_nulls()
    } - {""}
    made = {}
    for place, frame in frames.items():
        keep = (pl.col("province_code") == OWN) | (pl.int_range(pl.len()) % 2 == 0)
        if "id_no" in frame.columns:
            keep |= pl.col("id_no").is_in(pl.Series(sorted(met)).implode()).fill_null(value=False)
        made[place] = frame if place in REGISTERS else frame.filter(keep)
    return made


@dataclass(frozen=True)
class Builder:
    """Brings records and a later state into databases.

    Attributes:
        folder: where its files lie.
        suffix: of every kind's file.
        frames: its records.
    """

    folder: Path
    suffix: Mapping[tuple[str, str], str]
    frames: dict[tuple[str, str], pl.DataFrame]

    def fill(self, url: str, frames: Frames, *, name: str) -> None:
        """Bring a database to head and one file for each kind and province through its gate."""
        engine = make_engine(url)
        upgrade(engine)
        with writing(engine) as connection:
            load_reference(connection, bundled_pack("vn"))
        gate = self.gate(url, at=PUBLISHED)
        for platform, kind in sorted(frames, key=lambda place: (place not in REGISTERS, place)):
            frame = frames[platform, kind]
            for province in (OWN, *OTHERS):
                mine = frame.filter(pl.col("province_code") == province)
                if mine.is_empty():
                    continue
                path = self.folder / name / platform / f"{kind}-{mark(province)}"
                path = path.with_suffix(self.suffix[platform, kind])
                write(mine, path)
                done = gate.records(
                    path, platform=platform, kind=kind, source="nguon", known_at=PUBLISHED
                )
                assert done.counts.rejected == 0, path
        refresh(engine, clock=lambda: PUBLISHED, zone=country.ZONE.key)
        gate.engine.dispose()
        engine.dispose()

    def gate(self, url: str, *, at: datetime) -> Intake:
        engine = make_engine(url)
        return Intake(
            engine=engine, areas=load_areas(engine, viewer=system_viewer(at)), clock=lambda: at,
            pseudonym_key=KEY, rejects_folder=self.folder / "rejects",
        )  # fmt: skip

    def publish(self, url: str) -> int:
        """Cut and publish what the database holds; return its number."""
        with_shared(url, PUBLISHED, cut)
        return 1

    def later(self, url: str) -> None:
        """Add what is not published: newer figures, a draft of them, one under embargo."""
        mapping, table = self.folder / "later.toml", self.folder / "later.csv"
        mapping.write_text(LATER_TABLE, encoding="utf-8")
        rows = [f"{province},{number}" for province, number in SECRET.items()]
        table.write_text("\n".join(["province,n", *rows]) + "\n", encoding="utf-8")
        gate = self.gate(url, at=LATER)
        gate.table((table,), mapping=mapping, known_at=LATER)
        gate.engine.dispose()
        with_shared(url, LATER, lambda shared: cut(shared, embargo=EMBARGO))
        with_shared(url, NOW, lambda shared: shared.bulletins.cut(AN, NOW))


def with_shared(url: str, at: datetime, do: Callable[[Shared], object]) -> None:
    """Do something with a database at a moment."""
    shared = open_shared(settings_at(url, at))
    try:
        do(shared)
    finally:
        shared.close()


def settings_at(url: str, at: datetime) -> Settings:
    return Settings(
        database_url=url, pseudonym_key="", demo=True, pack="",
        now=at.astimezone(UTC).isoformat(),
    )  # fmt: skip


def cut(shared: Shared, *, embargo: datetime | None = None) -> None:
    """Cut, approve and publish, whatever moved."""
    number = shared.bulletins.cut(AN, shared.clock()).number
    viewer = make_viewer(Role.NATIONAL, now=shared.clock())
    head = shared.bulletins.show(number, viewer=viewer)
    if shared.bulletins.diff(number, viewer=viewer)["out_of_tolerance"].any():
        shared.bulletins.accept(AN, number, note="checked")
    shared.bulletins.approve(BINH, number, head.sha256)
    shared.bulletins.publish(BINH, number, embargo)


def make_builder(folder: Path) -> Builder:
    """Write the records once."""
    country.write_records(folder / "plain")
    paths = {
        (path.parent.name, path.stem): path for path in sorted((folder / "plain").glob("*/*.*"))
    }
    frames = marked(spread_out({place: read(path) for place, path in paths.items()}))
    return Builder(
        folder=folder, suffix={place: path.suffix for place, path in paths.items()}, frames=frames
    )
