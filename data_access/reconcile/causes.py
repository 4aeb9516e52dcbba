"""The likely cause of a difference, from the figures around it. Pure Polars.

Evidence decides, in order of how seldom chance gives it; where it says nothing, the rule's own
first cause stands.
"""

import polars as pl

from data_access.cube.doubt import SUDDEN

TELLING = 5.0
"""Below this a coincidence of two counts says nothing."""
TELLING_SCALE = 50.0
PEOPLE_PER_SAMPLE = 2.95
"""Person-times per sample nationwide to 8 September 2021."""
POOL_SIZES = (5, 10, 20)
SCALES = (10.0, 100.0, 1000.0)
FAR = 10.0
_PAIR = ["rule", "measure_a", "measure_b", "source_a", "source_b", "area_level"]
_SERIES = [*_PAIR, "area_code"]
_A, _B = pl.col("value_a"), pl.col("value_b")
_GAP = _A.fill_null(0) - _B.fill_null(0)


def add_causes(compared: pl.DataFrame) -> pl.DataFrame:
    """Add `cause` to compared cells, agreeing ones among them.

    Shape: one row per (rule, sources, area, date); needs value_a, value_b, default_cause and
        counts_persons (whether samples and persons may have been mistaken). Row order may change.
    """
    around = _with_neighbours(compared.sort(*_SERIES, "date"))
    around = _with_swaps(_with_zero_days(around))
    return around.with_columns(cause=_cause()).select(*compared.columns, "cause")


def _with_neighbours(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the sides one and two days off and the highest of each side within three days."""
    shifted = rows
    for days in (-2, -1, 1, 2):
        other = rows.select(
            *_SERIES,
            pl.col("date").dt.offset_by(f"{-days}d"),
            _A.alias(f"a{days}"),
            _B.alias(f"b{days}"),
        )
        shifted = shifted.join(other, on=[*_SERIES, "date"], how="left", nulls_equal=True)
    for side in ("a", "b"):
        near = [pl.col(f"{side}{days}") for days in (-2, -1, 1, 2)]
        shifted = shifted.with_columns(pl.max_horizontal(near).alias(f"{side}_near"))
    return shifted


def _with_zero_days(rows: pl.DataFrame) -> pl.DataFrame:
    """Add whether a side is nothing over all areas of a day, after a day of many."""
    totals = rows.group_by(*_PAIR, "date").agg(
        pl.col("value_a", "value_b", "a-1", "b-1", "a1", "b1").sum()
    )
    zero = [
        (pl.col(f"value_{side}") == 0) & (pl.max_horizontal(f"{side}-1", f"{side}1") >= SUDDEN)
        for side in ("a", "b")
    ]
    flagged = totals.select(*_PAIR, "date", zero_day=pl.any_horizontal(zero))
    return rows.join(flagged, on=[*_PAIR, "date"], how="left", nulls_equal=True)


def _with_swaps(rows: pl.DataFrame) -> pl.DataFrame:
    """Add whether another area of the day has the two figures the other way round."""
    odd = rows.filter((_A != _B) & (pl.min_horizontal(_A, _B) >= TELLING))
    mirrored = odd.select(
        *_PAIR, "date", value_a=_B, value_b=_A, swapped=pl.lit(value=True)
    ).unique()
    on = [*_PAIR, "date", "value_a", "value_b"]
    return rows.join(mirrored, on=on, how="left", nulls_equal=True).with_columns(
        pl.col("swapped").fill_null(value=False) & (_A != _B)
    )


def _cause() -> pl.Expr:
    low, high = pl.min_horizontal(_A, _B), pl.max_horizontal(_A, _B)
    ratio = high / low
    scaled = pl.any_horizontal([(ratio - one).abs() <= one / 200 for one in SCALES])
    pooled = (ratio - PEOPLE_PER_SAMPLE).abs() <= PEOPLE_PER_SAMPLE / 20
    pooled = pooled | pl.any_horizontal([ratio == size for size in POOL_SIZES])
    is_known = (low > 0) & (high >= TELLING)
    found = (
        pl.when(_shifted()).then(pl.lit("shifted_day"))
        .when(_A.is_null() | _B.is_null()).then(pl.lit("not_delivered"))
        .when("zero_day").then(pl.lit("zero_for_missing"))
        .when("swapped").then(pl.lit("swapped_areas"))
        .when(is_known & pooled & pl.col("counts_persons")).then(pl.lit("samples_as_persons"))
        .when(is_known & (ratio == 2)).then(pl.lit("delivered_twice"))  # noqa: PLR2004 -- twice
        .when((low > 0) & (high >= TELLING_SCALE) & scaled).then(pl.lit("decimal_mark"))
        .when(_outlying("a") | _outlying("b")).then(pl.lit("outlier"))
        .otherwise(pl.lit(None, dtype=pl.String))
    )  # fmt: skip
    return pl.coalesce(found, "default_cause")


def _shifted() -> pl.Expr:
    """Whether the gap is made good by a neighbouring day, or two days running stand a day off."""
    gaps = [pl.col(f"a{d}").fill_null(0) - pl.col(f"b{d}").fill_null(0) for d in (-1, 1)]
    made_good = pl.any_horizontal([(_GAP + gap == 0) for gap in gaps])
    later = (pl.col("b1") == _A) & (pl.col("a-1") == _B) & (_A != _B)
    earlier = (pl.col("a1") == _B) & (pl.col("b-1") == _A) & (_A != _B)
    runs = (later | earlier) & (pl.min_horizontal(_A, _B) >= TELLING)
    return ((_GAP.abs() >= TELLING) & made_good | runs).fill_null(value=False)


def _outlying(side: str) -> pl.Expr:
    other = "b" if side == "a" else "a"
    limit = FAR * pl.max_horizontal(f"{side}_near", f"value_{other}", pl.lit(TELLING))
    return (pl.col(f"value_{side}") > limit) & pl.col(f"{side}_near").is_not_null()
