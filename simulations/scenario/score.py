"""How good the bands of a saved scenario were, once the days came. Pure.

Scores are of daily cases of each area. The bands hold chance of infection, not the scatter of
reports: that counts against them, as it should.
"""

import numpy as np
import polars as pl

from simulations.epidemic.scores import (
    BANDS,
    coverage,
    same_as_last_week,
    skill,
    weighted_interval_score,
)
from simulations.epidemic.summary import LEVELS
from simulations.scenario.report import BAND_NAMES

QUANTITY = "cases"
SCHEMA = {
    "area_code": pl.String, "days": pl.Int64,
    **{f"coverage_{band:.0%}".rstrip("%"): pl.Float64 for band in BANDS},
    "wis": pl.Float64, "baseline_wis": pl.Float64, "skill": pl.Float64,
}  # fmt: skip


def score(saved: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """Return how good saved bands were, by area; an area of which no day came is left out.

    Shape: SCHEMA. `baseline_wis` and `skill` (1 - WIS / baseline's) against "same as last week";
    null where the days before the start have a gap or are too few.

    Args:
        saved: `date, area_code, quantity` and the seven quantiles.
        observed: `date, area_code, value`; null or absent where nothing was reported. Days before
            the start are the baseline's history.
    """
    bands = saved.filter(pl.col("quantity") == QUANTITY)
    rows = []
    for (code,), mine in bands.sort("date").group_by("area_code", maintain_order=True):
        seen = observed.filter(pl.col("area_code") == code, pl.col("value").is_not_null())
        came = mine.join(seen.select("date", "value"), on="date", how="inner").sort("date")
        if came.height:
            rows.append((code, *_of_area(mine, came, seen)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("area_code")


def _of_area(
    mine: pl.DataFrame, came: pl.DataFrame, seen: pl.DataFrame
) -> tuple[int | float | None, ...]:
    value = came["value"].to_numpy().astype(float)
    quantiles = came.select(BAND_NAMES).to_numpy().T
    wis = weighted_interval_score(value, quantiles, levels=LEVELS)
    inside = [coverage(value, quantiles, levels=LEVELS, band=band) for band in BANDS]
    baseline = _baseline(mine, came, seen)
    if baseline is None or not baseline.mean():
        return (len(value), *inside, float(wis.mean()), None, None)
    return (len(value), *inside, float(wis.mean()), float(baseline.mean()), skill(wis, baseline))


def _baseline(mine: pl.DataFrame, came: pl.DataFrame, seen: pl.DataFrame) -> np.ndarray | None:
    """Return the baseline's score of each day that came; None without a whole history."""
    start, days = mine["date"][0], mine.height
    past = seen.filter(pl.col("date") < start).sort("date")
    need = 7 * (-(-days // 7) + 3)
    tail = past.tail(need)
    if tail.height < need or (start - tail["date"][0]).days != need:
        return None
    history = tail["value"].to_numpy().astype(float)
    bands = same_as_last_week(history, days=days, levels=LEVELS)
    at = [(day - start).days for day in came["date"]]
    value = came["value"].to_numpy().astype(float)
    return weighted_interval_score(value, bands[:, at], levels=LEVELS)
