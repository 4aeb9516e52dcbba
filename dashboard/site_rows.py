"""Quarantine sites as a screen tells of them: order, occupancy, sums, marks on a map. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from dashboard.maps.marks import Centres, Dot, Marks, laid, place_of

HOME = "nha_o"
TIGHT, HIGH, FULL = 0.9, 0.7, 1.0
CLASSES = ("low", "high", "tight", "full", "none")
"""Of occupancy: below 70 %, below 90 %, below 100 %, full, not known."""
MOST_MARKS = 250
"""Sites on a map at most, so that its message stays small."""
LARGEST, SMALLEST = 9.0, 2.5
"""Radius of the largest and of the smallest mark, in pixels."""


def occupancy(usable: int | None, occupied: int) -> float | None:
    """Return people over usable beds; infinite without a bed, None where beds are not known."""
    if usable is None:
        return None
    if usable <= 0:
        return math.inf if occupied else None
    return occupied / usable


def class_of(share: float | None) -> str:
    """Return the class of an occupancy, one of CLASSES."""
    if share is None:
        return "none"
    if share >= FULL:
        return "full"
    return "tight" if share >= TIGHT else "high" if share >= HIGH else "low"


def named(sites: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are a site of their own, the fullest first, those unknown last.

    Adds: share (Float64; infinite for people at a site without a bed, null if beds are unknown).
    """
    rows = sites.filter(pl.col("facility_id").is_not_null())
    shares = [occupancy(*row) for row in rows.select("beds_usable", "occupied").iter_rows()]
    return rows.with_columns(share=pl.Series(shares, dtype=pl.Float64)).sort(
        ["share", "occupied", "area_code", "facility_id"],
        descending=[True, True, False, False],
        nulls_last=True,
    )


@dataclass(frozen=True, kw_only=True)
class Sums:
    """All records of an area added up.

    Attributes:
        people: inside, wherever they are.
        beds: usable.
        home: people at home.
        nowhere: people whose place is not stated.
        unregistered: people at sites that are not in the register.
        n_unregistered: such sites.
    """

    people: int
    beds: int
    home: int
    nowhere: int
    unregistered: int
    n_unregistered: int


def sums(sites: pl.DataFrame) -> Sums:
    """Return all records of some sites added up."""
    at_home = pl.col("kind").eq_missing(HOME)
    no_site = pl.col("facility_id").is_null()
    people = pl.col("occupied")
    strange = ~no_site & ~pl.col("is_registered")
    row = sites.select(
        people=people.sum(),
        beds=pl.col("beds_usable").sum(),
        home=people.filter(at_home).sum(),
        nowhere=people.filter(no_site & ~at_home).sum(),
        unregistered=people.filter(strange).sum(),
        n_unregistered=strange.sum(),
    ).row(0, named=True)
    return Sums(**{name: int(value or 0) for name, value in row.items()})


def marks(
    sites: pl.DataFrame,
    districts: Centres,
    provinces: Centres,
    *,
    t: Translate,
    language: str,
) -> Marks | None:
    """Return the sites as marks on a map; None where none can be placed.

    Sites of one centre stand in a small ring about it, so that none hides another.

    Args:
        sites: as `data_access.quarantine_sites` gives them.
        districts: (longitude, latitude) of their centres.
        provinces: the same, for sites whose district is not known.
        t: texts of the language.
        language: `vi` or `en`.
    """
    rows = named(sites).sort(
        ["beds_usable", "area_code", "facility_id"], descending=[True, False, False],
        nulls_last=True,
    )  # fmt: skip
    placed = [
        Dot(
            at=at,
            size=row["beds_usable"],
            kind=class_of(row["share"]),
            area=row["area_code"],
            name=row["name"] or row["facility_id"],
            text=_told(row, t=t, language=language),
        )
        for row in rows.iter_rows(named=True)
        if (at := place_of(row["district_code"], row["area_code"], districts, provinces))
    ]
    shown = placed[:MOST_MARKS]
    if not shown:
        return None
    counted = {"n": len(shown), "of": len(placed)}
    title = t("quarantine.marks_top", **counted) if len(shown) < len(placed) else ""
    labels = (t(LABELS[kind]) for kind in CLASSES)
    return Marks(
        marks=laid(shown, smallest=SMALLEST, largest=LARGEST),
        title=title or t("quarantine.marks"),
        legend=tuple(zip(CLASSES, labels, strict=True)),
    )


LABELS: Mapping[str, str] = {
    "low": "quarantine.mark_low",
    "high": "quarantine.mark_high",
    "tight": "quarantine.mark_tight",
    "full": "quarantine.mark_full",
    "none": "quarantine.mark_none",
}


def _told(row: Mapping[str, object], *, t: Translate, language: str) -> str:
    usable, inside, share = row["beds_usable"], row["occupied"], row["share"]
    people = formatting.number(float(str(inside)), language=language)
    if usable is None:
        return t("quarantine.mark_unknown", occupied=people)
    return t(
        "quarantine.mark_beds",
        occupied=people,
        beds=formatting.number(float(str(usable)), language=language),
        share=share_text(share if isinstance(share, float) else None, language=language),
    )


def share_text(share: float | None, *, language: str) -> str:
    """Return an occupancy as it is shown; a dash where there is no bed to divide by."""
    if share is None or math.isinf(share):
        return "–"
    return formatting.percent(share, language=language, decimals=0)
