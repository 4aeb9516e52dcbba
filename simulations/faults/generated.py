"""Lays every fault over a feed written to a folder, and writes what the folder then holds more.

Beside the records' last states: the provinces' daily reports, every delivery as it reached the
gate with its moment, and what was planted.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from data_access.reference.model import Pack
from simulations.faults.lay import Faults
from simulations.faults.provincial import MAPPING, Counts
from simulations.faults.spells import WAITS_UNTIL, Spells, usual_spells
from simulations.faults.table import FAULTS
from simulations.faults.tables import TableFaults
from simulations.feeds.model import LAST, SENT, FeedDay, FeedSpec
from simulations.live.ticks import cut

EVERYBODY = "all"
ZONE = "Asia/Ho_Chi_Minh"
BUSIEST = 5
"""Spells befall one of so many provinces with most declarations: of a small one none can tell."""
DELIVERIES, REPORTS = "deliveries", "reports"
DELIVERY_SCHEMA = {"file": pl.String, "platform": pl.String, "kind": pl.String,
                   "known_at": pl.String}  # fmt: skip
README = """
planted.csv (with --faults)
    what was planted and who must notice it: fault, platform, kind, province_code, day, record_id,
    field, before, after, n_records, expected. Faults of records name the record; faults of time
    a province's day (after: when it arrives, empty: never); faults of tables a row of a report.
../deliveries.csv, ../deliveries, ../reports (with --faults)
    every file in the order in which it reached the gate, with known_at. Records by evening, all
    their states; the provinces' reports by morning, read with reports/mapping.toml. The files
    by platform hold the last states of all records, as if all had come at once.
"""


class Faulty:
    """All faults over one feed."""

    def __init__(self, spec: FeedSpec, *, busiest: Iterable[str]) -> None:
        """Choose the spells.

        Args:
            spec: of the feed.
            busiest: codes of provinces, those with most declarations first.
        """
        self._spec = spec
        spells = usual_spells(first_day=spec.first_day, n_days=spec.days, seed=spec.seed,
                              provinces=list(busiest)[:BUSIEST])  # fmt: skip
        self._spells = Spells(spells=spells, seed=spec.seed, zone=ZONE)
        self._faults = Faults(seed=spec.seed)
        self._tables = TableFaults(seed=spec.seed)
        self._counts = Counts(zone=ZONE)
        self._delivered: list[tuple[str, str, str, str]] = []

    def lay(self, day: FeedDay) -> FeedDay:
        """Return the day with faults; of a kind of record, every day has the same columns."""
        self._counts.add(day.records)
        laid = self._spells.lay(self._faults.lay(day))
        return FeedDay(
            day=laid.day, records={key: uniform(rows, *key) for key, rows in laid.records.items()}
        )

    def deliver(self, days: Iterable[FeedDay], folder: Path) -> None:
        """Write what reaches the gate each evening; `days` come from `lay`."""
        evenings = [self._evening(n) for n in range(self._spec.days + 1)]
        for tick in cut(days, edges=evenings, zone=ZONE):
            for (platform, kind), rows in tick.records.items():
                path = Path(DELIVERIES) / f"{tick.until:%Y-%m-%d}" / f"{platform}-{kind}.parquet"
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                rows.drop(SENT, LAST).write_parquet(folder / path)
                self._delivered.append((path.as_posix(), platform, kind, tick.until.isoformat()))

    def report(self, folder: Path, *, pack: Pack) -> None:
        """Write the provinces' reports: the population they state is the country pack's."""
        held = self._provinces(pack.areas)
        people = pack.population.filter(
            pl.col("group") == EVERYBODY, pl.col("source") == _census(pack)
        ).join(held, on=["code", "vintage"])
        (folder / REPORTS).mkdir()
        (folder / REPORTS / "mapping.toml").write_text(MAPPING, encoding="utf-8")
        for report in self._counts.reports(
            first_day=self._spec.first_day, n_days=self._spec.days,
            names=dict(held.select("code", "name").iter_rows()),
            population=dict(people.select("code", "population").iter_rows()),
        ):  # fmt: skip
            for each in self._tables.lay_table(report):
                path = Path(REPORTS) / each.file_name
                (folder / path).write_text(each.text, encoding="utf-8")
                self._delivered.append((path.as_posix(), "", "report", each.sent_at.isoformat()))

    def tell(self, folder: Path) -> None:
        """Write what was planted, and the list of deliveries in their order."""
        parts = [self._faults.planted, self._spells.planted, self._tables.planted]
        pl.concat(parts).write_csv(folder / "truth" / "planted.csv")
        with (folder / "truth" / "README.txt").open("a", encoding="utf-8") as out:
            out.write(README)
        order = pl.DataFrame(self._delivered, schema=DELIVERY_SCHEMA, orient="row")
        order.sort("known_at", "file").write_csv(folder / "deliveries.csv")

    def _provinces(self, areas: pl.DataFrame) -> pl.DataFrame:
        first, wanted = self._spec.first_day, self._spec.provinces
        held = areas.filter(
            pl.col("level") == "province", pl.col("valid_from") <= first,
            pl.col("valid_to").fill_null(date.max) >= first,
        ).select("code", "vintage", "name")  # fmt: skip
        return held if wanted is None else held.filter(pl.col("code").is_in(wanted))

    def _evening(self, number: int) -> datetime:
        day = self._spec.first_day + timedelta(days=number)
        return datetime.combine(day, WAITS_UNTIL, ZoneInfo(ZONE)).astimezone(UTC)


def uniform(rows: pl.DataFrame, platform: str, kind: str) -> pl.DataFrame:
    """Return rows with every column that a fault may add, numbers that one may spoil as text.

    A file that is written on day by day has one set of columns.
    """
    touched = sorted(set(_touched(platform, kind)) - {SENT})
    added = [
        pl.lit(None, dtype=pl.Boolean if name == "deleted" else pl.String).alias(name)
        for name in touched
        if name not in rows.columns
    ]
    texts = [
        pl.col(name).cast(pl.String)
        for name in touched
        if name in rows.columns and rows.schema[name].is_numeric()
    ]
    whole = rows.with_columns(*added, *texts)
    own = [name for name in rows.columns if name not in touched]
    return whole.select(*own, *touched)


def _census(pack: Pack) -> str:
    """Return the source of the people that rates are divided by."""
    counts = [one for one in pack.denominators if one.group == EVERYBODY]
    return next((one.source for one in counts if one.default), "")


def _touched(platform: str, kind: str) -> Iterator[str]:
    for fault in FAULTS.values():
        if (fault.platform, fault.kind) == (platform, kind):
            yield from fault.change
