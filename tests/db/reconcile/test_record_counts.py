"""What is wrong with records, counted in the database and again with pandas, row by row.

The records are invented versions of all kinds of record that a rule reads, many of them broken,
corrected, taken back or not yet known at the moment looked from.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_day, to_us
from data_access.engine import writing
from data_access.reader import snapshot
from data_access.reconcile import records
from data_access.reconcile.records import COUNT_SCHEMA, POINTERS, Look, record_counts
from data_access.viewer import system_viewer
from tests.conftest import Database

pytestmark = pytest.mark.db
Of = tuple[str, str]
World = dict[Of, pd.DataFrame]
FIRST, LAST = date(2021, 9, 20), date(2021, 11, 4)
"""More than a month, so that it is looked at in pieces; clocks go back in Berlin within it."""
KNOWN = to_us(datetime(2021, 11, 6, tzinfo=UTC))
HOUR, DAY = 3_600_000_000, 86_400_000_000
NEVER = 1 << 62
N = 180
VIEWER = system_viewer(datetime(2021, 12, 1, tzinfo=UTC))
STOCK = ("received", "transferred_in", "transferred_out", "returned", "used_doses",
         "wasted_open_vial", "wasted_closed_vial")  # fmt: skip
COUNTED_TWICE = [*(one.rule for one in POINTERS), "dose_2_without_1", "stock_unbalanced",
                 "sampled_after_death", "place_never_used"]  # fmt: skip
"""Of these pandas knows the meaning too."""
TARGETS = {one.to for one in POINTERS}
Chance = np.random.Generator


def made_world(chance: Chance) -> World:
    """Return versions of every kind that a record rule reads: one frame per kind."""
    kinds = {(one.platform, one.kind) for one in POINTERS} | TARGETS | {("vaccination", "stock")}
    return {of: versions(of, chance) for of in sorted(kinds)}


def versions(of: Of, chance: Chance) -> pd.DataFrame:
    """Return one to three versions of each record of a kind, each with the time it is in force."""
    rows: list[dict[str, Any]] = []
    for number in range(N):
        if of in TARGETS and number % 7 == 0:
            continue  # pointed at, and never delivered
        source, starts = int(chance.integers(1, 4)), sorted(chance.integers(0, 72, 3))
        several = int(chance.choice([1, 1, 2, 3]))
        for at in range(several):
            ends = KNOWN + int(starts[at + 1]) * HOUR if at + 1 < several else NEVER
            rows.append(
                {"source_id": source, "record_id": f"R{number}", "version": at,
                 "known_at": KNOWN + int(starts[at]) * HOUR, "valid_to": ends,
                 "batch_id": at, "row_no": number, "deleted": int(chance.random() < 0.1),
                 "province_id": [1, 1, 2, 3, None][int(chance.integers(0, 5))],
                 **fields(of, chance)}
            )  # fmt: skip
    return pd.DataFrame(rows).astype({"province_id": "Int64"})


def moment(chance: Chance) -> int:
    """Return a moment, often close to a midnight somewhere."""
    days = int(chance.integers(to_day(FIRST) - 18, to_day(LAST) + 3))
    near = int(chance.choice([0, 17 * HOUR, 22 * HOUR, 23 * HOUR, int(chance.integers(0, DAY))]))
    return days * DAY + near + int(chance.choice([-1, 0, 1, HOUR // 2]))


def day(chance: Chance) -> int:
    return int(chance.integers(to_day(FIRST) - 3, to_day(LAST) + 4))


def maybe(chance: Chance, value: object) -> object:
    return None if chance.random() < 0.2 else value


def fields(of: Of, chance: Chance) -> dict[str, Any]:
    """Return the fields that rules read of a kind."""
    found: dict[str, Any] = {}
    for one in POINTERS:
        if (one.platform, one.kind) == of:
            found[one.field] = maybe(chance, f"R{chance.integers(0, N)}")
            found[one.day] = day(chance) if one.day == "date" else moment(chance)
    if of in {("vaccination", "dose"), ("testing", "sample"), ("tracing", "case")}:
        found["person_ref"] = maybe(chance, f"p{chance.integers(0, N // 2)}")
    if of == ("vaccination", "dose"):
        found["dose_no"] = str(chance.integers(1, 3))
    if of == ("tracing", "case"):
        found |= {"outcome": str(chance.choice(["tu_vong", "khoi"])), "outcome_date": day(chance)}
    if of == ("checkpoints", "place"):
        found |= {"registered_at": moment(chance), "closed_at": maybe(chance, None)}
        found["closed_at"] = moment(chance) if chance.random() < 0.2 else None
    if of == ("vaccination", "stock"):
        found |= {name: maybe(chance, int(chance.integers(0, 3))) for name in STOCK}
        found |= {"ledger_date": day(chance), "opening": maybe(chance, 20),
                  "closing": maybe(chance, int(20 + chance.integers(-3, 4)))}  # fmt: skip
    return found


def store(engine: sa.Engine, world: World) -> None:
    """Put every version where the gate would have put it."""
    with writing(engine) as connection:
        for of, rows in world.items():
            now, past = tables.record_tables(*of)
            plain = rows.astype(object).where(rows.notna(), None)
            wins = plain["valid_to"] == NEVER
            for table, kept in ((now, wins), (past, ~wins)):
                names = [column.name for column in table.c if column.name in plain]
                connection.execute(sa.insert(table), plain.loc[kept, names].to_dict("records"))


# --- the same again, with pandas ----------------------------------------------------------------


def expected(world: World, look: Look) -> set[tuple[Any, ...]]:
    """Return (rule, source, province, day, records, known) of everything that is wrong."""
    valid = {
        of: rows[(rows["known_at"] <= look.moment) & (look.moment < rows["valid_to"])]
        for of, rows in world.items()
    }
    there = {of: rows[rows["deleted"] == 0] for of, rows in valid.items()}
    found: set[tuple[Any, ...]] = set()
    for one in POINTERS:
        rows = there[one.platform, one.kind].dropna(subset=[one.field])
        broken = rows[~rows[one.field].isin(there[one.to]["record_id"])]
        gone = valid[one.to].groupby("record_id")["known_at"].max()
        since = broken[one.field].map(gone).fillna(0).astype("int64")
        known = broken["known_at"].where(broken["known_at"] >= since, since)
        found |= told(one.rule, broken.assign(known_at=known), one.day, look)
    doses = there["vaccination", "dose"]
    had = set(doses.loc[doses["dose_no"] == "1", "person_ref"].dropna())
    second = doses[(doses["dose_no"] == "2") & doses["person_ref"].notna()]
    lone, ledger = second[~second["person_ref"].isin(had)], there["vaccination", "stock"]
    found |= told("dose_2_without_1", lone, "vaccinated_at", look)
    found |= told("stock_unbalanced", unbalanced(ledger), "ledger_date", look)
    found |= told("sampled_after_death", late(there), "collected_at", look)
    return found | never_used(there, look)


def unbalanced(stock: pd.DataFrame) -> pd.DataFrame:
    ledger = stock.dropna(subset=["opening", "closing"])
    moved = ledger[list(STOCK)].astype(float).fillna(0)
    net = moved[["received", "transferred_in"]].sum(axis=1) - moved[list(STOCK[2:])].sum(axis=1)
    return ledger[ledger["closing"].astype(float) != ledger["opening"].astype(float) + net]


def late(there: Mapping[Of, pd.DataFrame]) -> pd.DataFrame:
    cases = there["tracing", "case"]
    dead = cases[(cases["outcome"] == "tu_vong")].dropna(subset=["person_ref"])
    people = dead.groupby("person_ref").agg(day=("outcome_date", "min"), told=("known_at", "max"))
    samples = there["testing", "sample"].merge(people, left_on="person_ref", right_index=True)
    samples = samples[samples["collected_at"] >= (samples["day"] + 1) * DAY]
    return samples.assign(known_at=samples[["known_at", "told"]].max(axis=1))


def never_used(there: Mapping[Of, pd.DataFrame], look: Look) -> set[tuple[Any, ...]]:
    places = there["checkpoints", "place"]
    used = set(there["checkpoints", "scan"]["place_code"])
    idle = places[places["closed_at"].isna() & ~places["record_id"].isin(used)]
    wait = timedelta(days=14)
    earlier = Look(start=look.start - wait, end=look.end - wait, zone=look.zone,
                   moment=look.moment, provinces=look.provinces)  # fmt: skip
    found = set()
    for rule, source, province, on, n, known in told("place_never_used", idle, "registered_at",
                                                     earlier):  # fmt: skip
        due = datetime(on.year, on.month, on.day, tzinfo=look.zone) + wait
        found.add((rule, source, province, on + wait, n, max(known, to_us(due))))
    return found


def told(rule: str, rows: pd.DataFrame, field: str, look: Look) -> set[tuple[Any, ...]]:
    rows = rows.dropna(subset=["province_id"])
    if look.provinces is not None:
        rows = rows[rows["province_id"].isin(look.provinces)]
    if field in {"date", "ledger_date"}:
        days = [date(1970, 1, 1) + timedelta(days=int(number)) for number in rows[field]]
    else:
        moments = pd.to_datetime(rows[field].astype("int64"), unit="us", utc=True)
        days = moments.dt.tz_convert(look.zone.key).dt.date.tolist()
    inside = [look.start <= one <= look.end for one in days]
    rows = rows.assign(on=days)[pd.Series(inside, index=rows.index, dtype=bool)]
    counted = rows.groupby(["source_id", "province_id", "on"])["known_at"].agg(["size", "max"])
    return {(rule, *key, int(n), int(known)) for key, n, known in counted.itertuples()}


# --- tests --------------------------------------------------------------------------------------

LOOKS = [
    Look(start=FIRST, end=LAST, zone=ZoneInfo(zone), moment=KNOWN + hours * HOUR, provinces=seen)
    for zone, hours, seen in (
        ("Asia/Ho_Chi_Minh", 30, None),
        ("Asia/Ho_Chi_Minh", 80, (2,)),
        ("Asia/Ho_Chi_Minh", -1, None),
        ("Europe/Berlin", 80, None),
        ("America/St_Johns", 50, (1, 3)),
    )
]


def test_the_database_counts_what_pandas_counts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = made_world(np.random.default_rng(7))
    store(database.engine, world)
    sizes: list[int] = []
    real = records.read_frame

    def counting(*given: Any, **named: Any) -> Any:
        frame = real(*given, **named)
        sizes.append(frame.height)
        return frame

    monkeypatch.setattr(records, "read_frame", counting)
    for look in LOOKS:
        with snapshot(database.engine, viewer=VIEWER) as connection:
            every = record_counts(connection, look, viewer=VIEWER)
        found = every.filter(pl.col("rule").is_in(COUNTED_TWICE))
        assert dict(found.schema) == COUNT_SCHEMA
        assert found["source_id"].equals(found["source_id_b"])
        columns = ("rule", "source_id", "province_id", "date", "n", "known_at")
        wanted = expected(world, look)
        assert found.height == len(set(found.select(columns).rows()))
        assert set(found.select(columns).rows()) == wanted
        rules = {rule for rule, *_ in wanted}
        assert len(rules) == (0 if look.moment < KNOWN else len(COUNTED_TWICE))
    # However many records are broken, a month of days of each source and province comes back.
    assert max(sizes) <= records.PIECE_DAYS * 3 * 3
