"""A small country and its cube, written straight into the tables: what the read side stands on.

Vintage `old` to 31 Dec 2021: provinces 01 (districts 011, 012), 02, 03. Vintage `new` since
1 Jan 2022: 01 and 02 merged into 01; 03 unchanged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from data_access import tables
from data_access.codes import Status, month_of, to_day, to_us
from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.measures.model import MeasureKind
from data_access.measures.registry import MEASURES
from data_access.reference.areas import Areas, load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import load_pack
from data_access.viewer import Viewer, parse_viewer, system_viewer

NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)  # 16:00 in Hanoi
DAY = date(2021, 8, 1)
KNOWN = datetime(2021, 8, 31, tzinfo=UTC)

_TOML = """\
code = "XX"
name = "Xứ"
time_zone = "Asia/Ho_Chi_Minh"
languages = ["vi", "en"]
default_vintage = "old"

[vintages.old]
valid_from = 2000-01-01
valid_to = 2021-12-31

[vintages.new]
valid_from = 2022-01-01

[[denominators]]
id = "people_census"
group = "all"
source = "census"
default = true
label = { vi = "Dân số", en = "Population" }

[[denominators]]
id = "people_estimate"
group = "all"
source = "estimate"
label = { vi = "Ước tính", en = "Estimate" }

[[denominators]]
id = "adults"
group = "18+"
source = "census"
default = true
label = { vi = "Người lớn", en = "Adults" }
"""
_AREAS = """\
code,vintage,level,parent_code,name,name_en,aliases,valid_from,valid_to,lon,lat
XX,old,national,,Xứ,Land,,2000-01-01,2021-12-31,,
01,old,province,XX,Một,One,Mot|Uno,2000-01-01,2021-12-31,,
02,old,province,XX,Hai,Two,,2000-01-01,2021-12-31,,
03,old,province,XX,Ba,Three,,2000-01-01,2021-12-31,,
011,old,district,01,Nhỏ,Small,,2000-01-01,2021-12-31,,
012,old,district,01,Lớn,Large,,2000-01-01,2021-12-31,,
XX,new,national,,Xứ,Land,,2022-01-01,,,
01,new,province,XX,Gộp,Merged,,2022-01-01,,,
03,new,province,XX,Ba,Three,,2022-01-01,,,
"""
_POPULATION = """\
code,vintage,group,population,as_of,source
01,old,all,100000,2019-04-01,census
02,old,all,50000,2019-04-01,census
03,old,all,200000,2019-04-01,census
01,old,18+,60000,2019-04-01,census
02,old,18+,30000,2019-04-01,census
03,old,18+,0,2019-04-01,census
01,old,all,125000,2021-01-01,estimate
"""
_SUCCESSION = """\
old_code,old_vintage,new_code,new_vintage,from
01,old,01,new,2022-01-01
02,old,01,new,2022-01-01
03,old,03,new,2022-01-01
"""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One version of one cell; `n` = 0 ends it. Area codes are of `vintage`."""

    measure: str = "cases"
    day: date = DAY
    area: str = "01"
    value: float | None = 1.0
    dims: str = ""
    source: str = "s"
    origin: str = "table"
    precedence: int = 100
    status: int = 0
    n: int = 1
    known: datetime = KNOWN
    vintage: str = "old"

    @property
    def source_key(self) -> tuple[str, str]:
        return self.source, self.origin


@dataclass
class World:
    """The small country in a database, with a cube that reads it."""

    engine: sa.Engine
    areas: Areas
    now: datetime = NOW
    ids: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def cube(self) -> HotCube:
        if not hasattr(self, "_cube"):
            self._cube = self.new_cube()
        return self._cube

    def new_cube(self, **options: object) -> HotCube:
        geography = Geography(self.areas)
        given = {"poll_seconds": 0.0, **options}
        return HotCube(self.engine, lambda: self.now, geography=geography, **given)  # type: ignore[arg-type]

    def viewer(self, role: str = "national", *, now: datetime | None = None) -> Viewer:
        return parse_viewer(role, now=now or self.now)

    def put(self, *cells: Cell, register: Mapping[str, str] | None = None) -> None:
        """Write cells as the gate would: history, current, change numbers, ledger."""
        if not cells:
            return
        with self.engine.begin() as connection:
            rows = _rows(connection, cells, self.areas, register or {})
            _deliver(connection, cells, rows)
            _upsert_history(connection, rows)
            _refresh_current(connection, rows)
            _bump(connection, {(row["measure_id"], row["month"]) for row in rows})


_KEY = ("measure_id", "month", "day", "area_id", "breakdown_id", "source_id")


def write_country(folder: Path) -> Path:
    """Write the small country's pack into a folder."""
    folder.mkdir(exist_ok=True)
    files = {
        "pack.toml": _TOML,
        "areas.csv": _AREAS,
        "population.csv": _POPULATION,
        "succession.csv": _SUCCESSION,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def make_world(engine: sa.Engine, folder: Path) -> World:
    """Load the small country into a migrated database."""
    with engine.begin() as connection:
        load_reference(connection, load_pack(write_country(folder)))
    return world_in(engine)


def world_in(engine: sa.Engine, *, now: datetime = NOW) -> World:
    """Return the small country of a database that knows it."""
    return World(engine=engine, areas=load_areas(engine, viewer=system_viewer(now)), now=now)


def days(start: date, values: Iterable[float | None], **fields: object) -> list[Cell]:
    """Return one cell per consecutive day; None leaves the day out."""
    return [
        Cell(day=start + timedelta(days=offset), value=value, **fields)  # type: ignore[arg-type]
        for offset, value in enumerate(values)
        if value is not None
    ]


def _rows(
    connection: sa.Connection, cells: Sequence[Cell], areas: Areas, register: Mapping[str, str]
) -> list[dict[str, object]]:
    measures = {key: _measure_id(connection, key, register) for key in _once(cells, "measure")}
    breakdowns = {dims: _breakdown_id(connection, dims) for dims in _once(cells, "dims")}
    sources: dict[tuple[str, str], int] = {}
    for cell in cells:
        if cell.source_key not in sources:
            sources[cell.source_key] = _source_id(connection, cell)
    return [
        {
            "measure_id": measures[cell.measure],
            "month": month_of(cell.day),
            "day": to_day(cell.day),
            "area_id": areas.id_of(cell.area, cell.vintage),
            "breakdown_id": breakdowns[cell.dims],
            "source_id": sources[cell.source_key],
            "known_at": to_us(cell.known),
            "value": cell.value,
            "n": cell.n,
            "status": int(cell.status) if cell.value is None or cell.status else int(Status.VALUE),
            "batch_id": 1,
        }
        for cell in cells
    ]


def _once(cells: Sequence[Cell], name: str) -> list[str]:
    """Return what the cells name, each once, in their order: numbers are given in it."""
    return list(dict.fromkeys(getattr(cell, name) for cell in cells))


def _next(connection: sa.Connection, column: sa.ColumnElement[int]) -> int:
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar()) + 1


def _measure_id(connection: sa.Connection, key: str, register: Mapping[str, str]) -> int:
    table = tables.measure
    held = connection.execute(sa.select(table.c.measure_id).where(table.c.key == key)).scalar()
    if held is not None:
        return int(held)
    number = _next(connection, table.c.measure_id)
    known = MEASURES.get(key)
    kind = known.kind if known else MeasureKind(register[key])
    connection.execute(
        sa.insert(table).values(
            measure_id=number, key=key, kind=kind, unit=known.unit if known else "thing",
            platform=known.platform if known else "testing",
            clearance=int(known.clearance) if known else 1, vi=key, en=key,
        )
    )  # fmt: skip
    return number


def _breakdown_id(connection: sa.Connection, dims: str) -> int:
    table = tables.breakdown
    held = connection.execute(sa.select(table.c.breakdown_id).where(table.c.dims == dims)).scalar()
    if held is not None:
        return int(held)
    number = _next(connection, table.c.breakdown_id)
    cut = ",".join(sorted(pair.split("=")[0] for pair in dims.split("|"))) if dims else ""
    connection.execute(sa.insert(table).values(breakdown_id=number, dims=dims, cut=cut))
    return number


def _source_id(connection: sa.Connection, cell: Cell) -> int:
    table = tables.source
    query = sa.select(table.c.source_id).where(
        table.c.name == cell.source, table.c.origin == cell.origin
    )
    held = connection.execute(query).scalar()
    if held is not None:
        return int(held)
    number = _next(connection, table.c.source_id)
    connection.execute(
        sa.insert(table).values(
            source_id=number, name=cell.source, origin=cell.origin, precedence=cell.precedence
        )
    )
    return number


def _deliver(
    connection: sa.Connection, cells: Iterable[Cell], rows: Iterable[Mapping[str, object]]
) -> None:
    counts = {f"n_{name}": 0 for name in ("read", "new", "updated", "unchanged", "stale")}
    batches = []
    for cell, row in zip(cells, rows, strict=True):
        platform = MEASURES[cell.measure].platform if cell.measure in MEASURES else "testing"
        batches.append(
            {
                "origin": cell.origin, "platform": platform, "source_id": row["source_id"],
                "file_name": "f.csv", "sha256": "0", "n_bytes": 1, "known_at": row["known_at"],
                "received_at": row["known_at"], "committed_at": row["known_at"], "n_rejected": 0,
                **counts,
            }
        )  # fmt: skip
    connection.execute(sa.insert(tables.batch), batches)


def _upsert_history(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
    """Write each version; of two for one cell and moment the later stands."""
    named = (*_KEY, "known_at")
    versions = {tuple(row[name] for name in named): row for row in rows}
    _delete(connection, tables.cube_history, named, list(versions))
    connection.execute(sa.insert(tables.cube_history), list(versions.values()))


def _refresh_current(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
    """Put the newest version of each touched cell in force, unless it ends the cell."""
    past = tables.cube_history
    touched = {tuple(row[name] for name in _KEY) for row in rows}
    held = sa.select(past).where(past.c.measure_id.in_({row["measure_id"] for row in rows}))
    newest = {}
    for row in connection.execute(held.order_by(past.c.known_at)).mappings():
        newest[tuple(row[name] for name in _KEY)] = dict(row)
    _delete(connection, tables.cube_current, _KEY, list(touched))
    living = [newest[key] for key in touched if newest[key]["n"] or newest[key]["status"]]
    if living:
        connection.execute(sa.insert(tables.cube_current), living)


def _delete(
    connection: sa.Connection, table: sa.Table, names: tuple[str, ...], keys: list[tuple[Any, ...]]
) -> None:
    same = [table.c[name] == sa.bindparam(f"old_{name}") for name in names]
    given = [{f"old_{name}": part for name, part in zip(names, key, strict=True)} for key in keys]
    connection.execute(sa.delete(table).where(*same), given)


def _bump(connection: sa.Connection, touched: set[tuple[object, object]]) -> None:
    table = tables.partition_change
    following = _next(connection, table.c.change_no)
    for measure_id, month in touched:
        here = (table.c.measure_id == measure_id, table.c.month == month)
        connection.execute(sa.delete(table).where(*here))
        connection.execute(
            sa.insert(table).values(measure_id=measure_id, month=month, change_no=following)
        )
