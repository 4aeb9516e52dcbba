"""Saved scenarios for the pages: kept with their author, listed, and held against what came.

What a viewer may keep and see is decided in `data_access.scenarios`; nothing is drawn here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import polars as pl

from dashboard import resources
from dashboard.scenarios import (
    NATION,
    Job,
    Scenario,
    digest,
    from_json,
    seen_bands,
    to_json,
    version,
)
from data_access import scenarios as store
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.viewer import Viewer

OBSERVED: Mapping[str, str] = MappingProxyType(
    {"cases": "cases", "deaths": "deaths", "tests": "persons_tested", "doses": "doses"}
)
"""Quantity of a scenario → the measure that says what came of it. The others are needs, or counts
of what nobody sees: no figure of the country means the same."""
VINTAGE = "63"
HISTORY = timedelta(days=7 * (18 + 3))
"""What "same as last week" needs to look 120 days ahead."""
OBSERVED_SCHEMA = {"date": pl.Date, "area_code": pl.String, "quantity": pl.String,
                   "value": pl.Float64}  # fmt: skip
LONGEST_NAME = store.LONGEST_NAME


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A saved scenario without its bands.

    Attributes:
        scenario_id: its id.
        name: for readers.
        role: role it was saved in.
        province: code of the province it belongs to; empty: the nation's.
        created_at: when (UTC).
        first_day: first day of its horizon.
        scenario: its levers; None: this version cannot read them.
    """

    scenario_id: str
    name: str
    role: str
    province: str
    created_at: datetime
    first_day: date
    scenario: Scenario | None

    @property
    def last_day(self) -> date | None:
        """Return the last day of its horizon, None if that cannot be read."""
        if self.scenario is None:
            return None
        return self.first_day + timedelta(days=self.scenario.horizon - 1)

    def days_before(self, zone: str) -> int:
        """Return how many of its days were over when it was saved: it could not foretell them."""
        made = self.created_at.astimezone(ZoneInfo(zone)).date()
        over = max((made - self.first_day).days, 0)
        return over if self.scenario is None else min(over, self.scenario.horizon)


def may_keep(viewer: Viewer) -> bool:
    """Return whether a viewer may save scenarios."""
    return store.may_save(viewer=viewer)


def keep(job: Job, *, name: str, author: str, viewer: Viewer, zone: str) -> str:
    """Save what came of a run and return the id.

    Args:
        job: a run that is done.
        name: for readers.
        author: the office it is from.
        viewer: who saves.
        zone: the country's time zone: what is known stops at midnight before the first day.

    Raises:
        ScopeDenied: if the viewer may not save.
        NameTaken: if the owner has one of that name.
        DatabaseUnavailable: if the database does not answer.
    """
    first = job.scenario.first_day
    kept = store.Kept(
        name=name,
        author=author,
        levers=to_json(job.scenario),
        digest=digest(job.scenario),
        seed=job.scenario.seed,
        engine=version(),
        start_day=first,
        as_of=datetime.combine(first, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC),
        bands=seen_bands(job, viewer=viewer),
    )
    return store.save(resources.shared().engine, kept, viewer=viewer)


def listed(viewer: Viewer) -> list[Saved]:
    """Return the saved scenarios in a viewer's sight, newest first.

    Not cached: to save one moves no figure, so that no change token tells of it.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    found = store.saved(resources.shared().engine, viewer=viewer)
    return [
        Saved(
            scenario_id=row["scenario_id"],
            name=row["name"],
            role=row["role"],
            province=row["province"],
            created_at=row["created_at"],
            first_day=row["start_day"],
            scenario=_levers(row["levers"]),
        )
        for row in found.iter_rows(named=True)
    ]


def _levers(text: str) -> Scenario | None:
    try:
        return from_json(text)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def bands(scenario_id: str, *, viewer: Viewer) -> pl.DataFrame:
    """Return the bands of a saved scenario, of areas in the viewer's sight alone."""
    return store.bands_of(resources.shared().engine, scenario_id, viewer=viewer)


def observed(area: str, *, start: date, end: date, scale: int, viewer: Viewer) -> pl.DataFrame:
    """Return what came, as known at the viewer's moment.

    Shape: OBSERVED_SCHEMA, a row for each day and quantity that was reported.

    Args:
        area: code of a province, or NATION.
        start: first day.
        end: last day.
        scale: persons of the country to a person in the figures: a simulation is smaller.
        viewer: who looks.
    """
    nation = area == NATION
    ask = Ask(
        ids=tuple(OBSERVED.values()),
        level=Level.NATIONAL if nation else Level.PROVINCE,
        areas=() if nation else (area,),
        start=start,
        end=end,
        vintage=VINTAGE,
    )
    quantity = {measure: name for name, measure in OBSERVED.items()}
    found = resources.shared().answer(ask, viewer=viewer)
    return found.filter(pl.col("value").is_not_null()).select(
        "date",
        area_code=pl.lit(area),
        quantity=pl.col("id").replace_strict(quantity, return_dtype=pl.String),
        value=pl.col("value") * scale,
    )
