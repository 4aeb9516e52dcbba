"""How good the bands of a saved scenario were, once the days came. Pure.

Scores are of daily counts of each area. The bands hold chance of infection, not the scatter of
reports: that counts against them, as it should.
"""

from datetime import date

import numpy as np
import polars as pl

from simulations.epidemic.parameters import Floats
from simulations.epidemic.scores import (
    BANDS,
    coverage,
    same_as_last_week,
    skill,
    weighted_interval_score,
)
from simulations.epidemic.summary import LEVELS
from simulations.scenario.report import BAND_NAMES

WEEK, SPREAD_WEEKS = 7, 3
"""Besides the weeks it looks ahead, the baseline needs three more, to know its own errors."""
KEY = ("quantity", "area_code")
SCHEMA = {
    "quantity": pl.String, "area_code": pl.String, "days": pl.Int64,
    **{f"coverage_{band:.0%}".rstrip("%"): pl.Float64 for band in BANDS},
    "wis": pl.Float64, "history_days": pl.Int64, "baseline_days": pl.Int64,
    "baseline_wis": pl.Float64, "skill": pl.Float64,
}  # fmt: skip
_Row = tuple[int | float | None, ...]


def score(saved: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """Return how good saved bands were, by quantity and area; one without a day is left out.

    Shape: SCHEMA. `days` came, and `wis` (in units of the quantity) is their mean. `history_days`
    without a gap lie before the start; they let "same as last week" look `baseline_days` of the
    days that came ahead, and of these alone are `baseline_wis` and `skill` (1 - WIS / baseline's;
    null where there are none, or the baseline was never wrong).

    Args:
        saved: `date, area_code, quantity` and the seven quantiles.
        observed: `date, area_code, quantity, value`; null or absent where nothing was reported.
            Days before the start are the baseline's history.
    """
    known = observed.filter(pl.col("value").is_not_null()).select("date", *KEY, "value")
    rows = []
    for (quantity, code), mine in saved.sort("date").group_by(KEY, maintain_order=True):
        seen = known.filter(pl.col("quantity") == quantity, pl.col("area_code") == code)
        came = mine.join(seen.select("date", "value"), on="date", how="inner").sort("date")
        if came.height:
            rows.append((quantity, code, *_of_area(mine["date"][0], came, seen)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort(KEY)


def _of_area(start: date, came: pl.DataFrame, seen: pl.DataFrame) -> _Row:
    value = came["value"].to_numpy().astype(float)
    quantiles = came.select(BAND_NAMES).to_numpy().T
    wis = weighted_interval_score(value, quantiles, levels=LEVELS)
    inside = [coverage(value, quantiles, levels=LEVELS, band=band) for band in BANDS]
    return (len(value), *inside, float(wis.mean()), *_against(start, came, wis, seen))


def _against(start: date, came: pl.DataFrame, wis: Floats, seen: pl.DataFrame) -> _Row:
    """Return history_days, baseline_days, baseline_wis, skill."""
    history = _history(start, seen)
    reach = max(len(history) // WEEK - SPREAD_WEEKS, 0) * WEEK
    ahead = np.array([(day - start).days for day in came["date"]])
    within = ahead < reach
    if not within.any():
        return len(history), 0, None, None
    bands = same_as_last_week(history, days=int(ahead[within].max()) + 1, levels=LEVELS)
    value = came["value"].to_numpy().astype(float)[within]
    theirs = weighted_interval_score(value, bands[:, ahead[within]], levels=LEVELS)
    beaten = skill(wis[within], theirs) if theirs.mean() else None
    return len(history), int(within.sum()), float(theirs.mean()), beaten


def _history(start: date, seen: pl.DataFrame) -> Floats:
    """Return the values of the days before the start, as far back as there is no gap."""
    past = seen.filter(pl.col("date") < start).sort("date", descending=True)
    back = pl.int_range(1, pl.len() + 1)
    whole = past.filter((pl.lit(start) - pl.col("date")).dt.total_days() == back)
    return whole.sort("date")["value"].to_numpy().astype(float)
