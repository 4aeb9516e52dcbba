"""The vaccination page's own tables, worked out from figures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from data_access.contracts.vaccination import LONGEST_DAYS, MINIMUM_DAYS

STOCK_IDS = ("doses_in_stock", "doses_near_expiry", "doses_expired", "doses_used", "doses_wasted")
DAYS_IN_WEEK = 7
FEW = 5


@dataclass(frozen=True, kw_only=True)
class Due:
    """Second doses of one product.

    Attributes:
        product: its code.
        first: people with a first dose.
        second: second doses given.
        may: first doses whose shortest interval has passed, less second doses.
        late: first doses whose longest recommended interval has passed, less second doses.
    """

    product: str
    first: float
    second: float
    may: float
    late: float


def second_doses(first: pl.DataFrame, second: pl.DataFrame, *, day: date) -> tuple[Due, ...]:
    """Return who may have, and who should have had, a second dose; the most late first.

    Args:
        first: date, product, value: first doses of each day from the beginning.
        second: the same of second doses, under their own product.
        day: the day looked at.

    A second dose of another product counts under that one: where mixes are given, a product may
    look more late than it is, another less; below nothing is nothing.
    """
    given = _until(second, day)
    found = []
    for product, people in sorted(_until(first, day).items()):
        if product not in LONGEST_DAYS:
            continue  # a single dose completes the course, or it takes three
        done = given.get(product, 0.0)
        may = _until(first, day - timedelta(days=MINIMUM_DAYS[product])).get(product, 0.0)
        late = _until(first, day - timedelta(days=LONGEST_DAYS[product])).get(product, 0.0)
        found.append(
            Due(
                product=product,
                first=people,
                second=done,
                may=max(may - done, 0.0),
                late=max(late - done, 0.0),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.late, -one.may, one.product)))


def _until(doses: pl.DataFrame, day: date) -> Mapping[str, float]:
    kept = doses.filter(pl.col("date") <= day).drop_nulls("value")
    return dict(kept.group_by("product").agg(pl.col("value").sum()).iter_rows())


@dataclass(frozen=True, kw_only=True)
class Stock:
    """One product on the shelves; None where no ledger says.

    Attributes:
        product: its code.
        held: doses at day's end.
        per_day: doses used a day over the week.
        days: held over per_day; None without use.
        near_expiry: doses that expire within 30 days.
        expired: doses that have expired.
        wasted_share: wasted over used and wasted, of the week.
    """

    product: str
    held: float | None
    per_day: float | None
    days: float | None
    near_expiry: float | None
    expired: float | None
    wasted_share: float | None


def stocks(found: pl.DataFrame, *, day: date) -> tuple[Stock, ...]:
    """Return the products, the fewest days of stock first.

    Args:
        found: date, id of STOCK_IDS, product, value; the week that ends on the day.
        day: the day looked at.
    """
    known = found.drop_nulls("value")
    levels = known.filter(pl.col("date") == day)
    weeks = known.group_by("id", "product").agg(pl.col("value").sum())
    level = {
        (key, product): value
        for key, product, value in levels.select("id", "product", "value").iter_rows()
    }
    week = {(key, product): value for key, product, value in weeks.iter_rows()}
    made = [_stock(product, level, week) for product in sorted(known["product"].unique())]
    return tuple(sorted(made, key=lambda one: (one.days is None, one.days or 0.0, one.product)))


def _stock(
    product: str, level: Mapping[tuple[str, str], float], week: Mapping[tuple[str, str], float]
) -> Stock:
    held = level.get(("doses_in_stock", product))
    used, wasted = week.get(("doses_used", product)), week.get(("doses_wasted", product))
    per_day = used / DAYS_IN_WEEK if used is not None else None
    opened = (used or 0.0) + (wasted or 0.0)
    return Stock(
        product=product,
        held=held,
        per_day=per_day,
        days=held / per_day if held is not None and per_day else None,
        near_expiry=level.get(("doses_near_expiry", product)),
        expired=level.get(("doses_expired", product)),
        wasted_share=wasted / opened if wasted is not None and opened else None,
    )


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How unequal provinces are.

    Attributes:
        lowest: code and share of the least covered, the least first.
        highest: of the most covered, the most first.
        low: share that one province in ten does not reach.
        high: share that one in ten exceeds.
        behind: people of the target group in the provinces below half of the best tenth's share.
        people: people of the target group in all of them.
        counted: provinces with a figure.
    """

    lowest: tuple[tuple[str, float], ...]
    highest: tuple[tuple[str, float], ...]
    low: float
    high: float
    behind: float
    people: float
    counted: int


def spread(found: pl.DataFrame) -> Spread | None:
    """Return how coverage differs between provinces; None for fewer than two of them.

    Args:
        found: area_code, value, denominator of one day.
    """
    known = found.drop_nulls("value").sort("value", "area_code")
    if known.height < 2:  # noqa: PLR2004 -- nothing to compare
        return None
    pairs = list(known.select("area_code", "value").iter_rows())
    values: Sequence[float] = [value for _, value in pairs]
    high = _decile(values, 9)
    behind = known.filter(pl.col("value") < high / 2)["denominator"].sum()
    return Spread(
        lowest=tuple(pairs[:FEW]),
        highest=tuple(reversed(pairs[-FEW:])),
        low=_decile(values, 1),
        high=high,
        behind=float(behind or 0.0),
        people=float(known["denominator"].sum() or 0.0),
        counted=known.height,
    )


def _decile(ordered: Sequence[float], tenth: int) -> float:
    place = (len(ordered) - 1) * tenth / 10
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
