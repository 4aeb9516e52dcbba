"""What the cube says of the rollout, province by province. Reads through what it is given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import polars as pl

from data_access.codes import Level, Origin
from data_access.cube.query import Ask
from data_access.cube.source import Cube
from data_access.rollout.model import MANDATED
from data_access.viewer import Viewer

Figures = Callable[[Ask], pl.DataFrame]
"""Answers an `Ask` as `cube.query.figures` does, for one viewer."""
CAPTURED = {"capture_tests": "persons_tested", "capture_doses": "doses", "capture_cases": "cases"}
"""Ratio → the events it counts on both sides."""
SHARES = {
    "results_24h": "results_24h_share",
    "recording_p50": "dose_recording_p50_hours",
    "recording_p90": "dose_recording_p90_hours",
    "verified": "doses_verified_share",
}
PLATFORM_EVENTS = {
    "checkpoints": "checkpoint_scans", "testing": "persons_tested", "vaccination": "doses",
}  # fmt: skip
USED = 7
"""Days of the week over which use of places is counted."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is asked about.

    Attributes:
        day: the last day.
        vintage: edition of the map.
        platform_sources: names of the sources that are the platforms' own records.
        report_sources: names of the sources that are reports of provinces, the first wins.
        measures: ids there are.
    """

    day: date
    vintage: str
    platform_sources: tuple[str, ...]
    report_sources: tuple[str, ...]
    measures: frozenset[str]


def capture(ask: Figures, ground: Ground, *, days: int) -> pl.DataFrame:
    """Return platform events against events that provinces reported, over the last days.

    Days that a province reported count, so that a late report is no lack of records; a day that
    it reported and of which the platform holds nothing counts as nothing captured. Where no
    province has any record in these days, nothing is known.

    Shape: area_code, part (`capture_tests`, ...), platform (sum of the records), report (sum of
        what was reported), n_days (reported), value (platform ÷ report; null without a report).
    """
    tables = [pl.DataFrame(schema=_CAPTURE)]
    every = _daily(ask, ground, ground.platform_sources, days=days, add=True)
    told = _daily(ask, ground, ground.report_sources, days=days, add=False)
    for part, measure in CAPTURED.items():
        records = every.filter(pl.col("id") == measure).drop("id")
        reports = told.filter(pl.col("id") == measure).drop("id")
        if records.is_empty():
            continue
        both = reports.rename({"value": "value_report"}).join(
            records, on=["area_code", "date"], how="left"
        )
        sums = (
            both.with_columns(pl.col("value").fill_null(0.0))
            .group_by("area_code")
            .agg(
                platform=pl.col("value").sum(), report=pl.col("value_report").sum(), n_days=pl.len()
            )
        )
        ratio = pl.when(pl.col("report") > 0).then(pl.col("platform") / pl.col("report"))
        tables.append(
            sums.with_columns(part=pl.lit(part), value=ratio).select(*_CAPTURE).cast(_CAPTURE)  # type: ignore[arg-type]
        )
    return pl.concat(tables).sort("part", "area_code")


_CAPTURE = {
    "area_code": pl.String, "part": pl.String, "platform": pl.Float64, "report": pl.Float64,
    "n_days": pl.Int64, "value": pl.Float64,
}  # fmt: skip


def _daily(
    ask: Figures, ground: Ground, sources: Sequence[str], *, days: int, add: bool
) -> pl.DataFrame:
    """Return what sources say by measure, province and day: their sum, or the first that speaks."""
    wanted = Ask(
        ids=tuple(sorted(ground.measures)), level=Level.PROVINCE, vintage=ground.vintage,
        start=ground.day - timedelta(days=days - 1), end=ground.day,
    )  # fmt: skip
    tables = [pl.DataFrame(schema=_DAILY)]
    for rank, source in enumerate(sources if wanted.ids else ()):
        said = ask(replace(wanted, source=source)).filter(pl.col("value").is_not_null())
        tables.append(said.select("id", "area_code", "date", "value", rank=pl.lit(rank, pl.Int64)))
    found = pl.concat(tables).sort("rank")
    value = pl.col("value").sum() if add else pl.col("value").first()
    return found.group_by("id", "area_code", "date", maintain_order=True).agg(value)


_DAILY = {
    "id": pl.String, "area_code": pl.String, "date": pl.Date, "value": pl.Float64,
    "rank": pl.Int64,
}  # fmt: skip


def shares(ask: Figures, ground: Ground) -> dict[str, dict[str, float]]:
    """Return part → province → value of the indicators that exist already, on the day.

    Where the day has no figure yet, the newest of the week before stands in.
    """
    wanted = Ask(
        ids=tuple(SHARES.values()), level=Level.PROVINCE,
        start=ground.day - timedelta(days=USED - 1), end=ground.day, vintage=ground.vintage,
    )  # fmt: skip
    said = ask(wanted).filter(pl.col("value").is_not_null()).sort("date")
    last = said.group_by("id", "area_code").agg(pl.col("value").last())
    part_of = {key: part for part, key in SHARES.items()}
    found: dict[str, dict[str, float]] = {part: {} for part in SHARES}
    for key, area, value in last.iter_rows():
        found[part_of[key]][area] = value
    return found


def sync_ages(ask: Figures, ground: Ground, *, now: datetime) -> dict[str, dict[str, float]]:
    """Return platform → province → hours since anything of the last week became known."""
    wanted = Ask(
        ids=tuple(PLATFORM_EVENTS.values()), level=Level.PROVINCE,
        start=ground.day - timedelta(days=USED - 1), end=ground.day, vintage=ground.vintage,
    )  # fmt: skip
    said = ask(wanted).filter(pl.col("value").is_not_null())
    last = said.group_by("id", "area_code").agg(pl.col("known_at").max())
    platform_of = {key: platform for platform, key in PLATFORM_EVENTS.items()}
    found: dict[str, dict[str, float]] = {platform: {} for platform in MANDATED}
    for key, area, known_at in last.iter_rows():
        if known_at is not None:
            hours = (now - known_at).total_seconds() / 3600
            found[platform_of[key]][area] = max(0.0, hours)
    return found


def use_of_places(activity: pl.DataFrame, *, day: date, repeat_days: int) -> pl.DataFrame:
    """Return how far registered places are used, of `places.place_activity` over a week.

    Shape: area_code, n_places and n_active on the day, active_share, n_wards (that have places),
        n_silent (without a scan on the day), silent_share, n_repeat (without a scan on at least
        `repeat_days` days of the week).
    """
    wards = activity.filter(pl.col("ward_code") != "")
    silent_days = wards.group_by("area_code", "ward_code").agg(
        n=(pl.col("n_scans") == 0).sum()
    )  # fmt: skip
    repeat = silent_days.group_by("area_code").agg(n_repeat=(pl.col("n") >= repeat_days).sum())
    today = activity.filter(pl.col("date") == day)
    places = today.group_by("area_code").agg(pl.col("n_places", "n_active").sum())
    silent = today.filter(pl.col("ward_code") != "").group_by("area_code").agg(
        n_wards=pl.len(), n_silent=(pl.col("n_scans") == 0).sum()
    )  # fmt: skip
    joined = places.join(silent, on="area_code", how="left").join(
        repeat, on="area_code", how="left"
    )
    counts = pl.col("n_places", "n_active", "n_wards", "n_silent", "n_repeat")
    filled = joined.with_columns(counts.fill_null(0).cast(pl.Int64))
    return filled.with_columns(
        active_share=_share("n_active", "n_places"), silent_share=_share("n_silent", "n_wards")
    ).sort("area_code")


def _share(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))


def duplicate_share(repeated: Mapping[str, int], events: Mapping[str, float]) -> dict[str, float]:
    """Return province → share of its records that were delivered twice."""
    return {area: repeated.get(area, 0) / n for area, n in events.items() if n > 0}


# --- all of it ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the cube says of the rollout on a day.

    Attributes:
        captured: as `capture` returns it.
        share_of: part → province → value, as `shares` returns it.
        ages: platform → province → hours, as `sync_ages` returns it.
        places: as `use_of_places` returns it.
        wards: area_code, ward_code, n_days: wards without a scan on the day, and on how many days
            of the week; the most often silent first.
        duplicates: province → records delivered twice ÷ doses and tests of the week.
    """

    captured: pl.DataFrame
    share_of: Mapping[str, Mapping[str, float]]
    ages: Mapping[str, Mapping[str, float]]
    places: pl.DataFrame
    wards: pl.DataFrame
    duplicates: Mapping[str, float]

    def values(self, area: str) -> dict[str, float | None]:
        """Return part of readiness → value of a province, as far as the cube knows."""
        own = self.captured.filter(pl.col("area_code") == area)
        found: dict[str, float | None] = dict(own.select("part", "value").iter_rows())
        places = self.places.filter(pl.col("area_code") == area)
        if places.height:
            found["active_places"] = places["active_share"][0]
            found["silent_wards"] = places["silent_share"][0]
        for part, of in self.share_of.items():
            found[part] = of.get(area)
        ages = [of[area] for of in self.ages.values() if area in of]
        found["sync_age"] = max(ages) if ages else None
        return found


def ground_of(cube: Cube, *, viewer: Viewer, day: date, vintage: str) -> Ground:
    """Return what may be asked about: sources in the viewer's sight, by what they are."""
    catalogue = cube.state(viewer=viewer).catalogue
    hidden = list(catalogue.hidden(viewer=viewer))
    seen = catalogue.sources.filter(~pl.col("source_id").is_in(hidden)).sort(
        "precedence", "source_id", descending=[True, False]
    )
    names = {
        origin: tuple(seen.filter(pl.col("origin") == origin.value)["source"].to_list())
        for origin in Origin
    }
    return Ground(
        day=day, vintage=vintage, platform_sources=names[Origin.RECORDS],
        report_sources=names[Origin.TABLE],
        measures=frozenset(key for key in CAPTURED.values() if key in catalogue.numbers),
    )  # fmt: skip


def silent_wards(activity: pl.DataFrame, *, day: date) -> pl.DataFrame:
    """Return wards without a scan on the day: area_code, ward_code, n_days of the week."""
    wards = activity.filter(pl.col("ward_code") != "", pl.col("n_scans") == 0)
    days = wards.group_by("area_code", "ward_code").agg(n_days=pl.len().cast(pl.Int64))
    today = wards.filter(pl.col("date") == day).select("area_code", "ward_code")
    return days.join(today, on=["area_code", "ward_code"]).sort(
        "n_days", "area_code", "ward_code", descending=[True, False, False]
    )


def duplicates_of(repeated: pl.DataFrame, events: pl.DataFrame) -> dict[str, float]:
    """Return province → share of the week's doses and tests that were delivered twice.

    Args:
        repeated: rule, area_code, n, as the reconciliation counts them.
        events: area_code, value.
    """
    own = repeated.filter(pl.col("rule").is_in(["duplicate_dose", "duplicate_sample"]))
    n = dict(own.group_by("area_code").agg(pl.col("n").sum()).iter_rows())
    total = dict(events.group_by("area_code").agg(pl.col("value").sum()).iter_rows())
    return duplicate_share(n, total)
