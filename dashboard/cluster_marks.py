"""Clusters as circles for a map: where, how large, which colour, what is told. Pure.

A circle's area grows with the cases of 14 days; a cluster without any in that time is no circle. A
cluster stands at its own coordinates, else at the centre of its district, else of its province.
"""

from collections.abc import Mapping

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from dashboard.maps import marks
from dashboard.maps.marks import Centres, Dot, Marks, Point

SMALLEST, LARGEST = 3.0, 16.0
MOST = 300
"""So many circles at most; the largest are kept."""
GROWING, STEADY, FALLING = "growing", "steady", "falling"
KINDS = (GROWING, STEADY, FALLING)
LEVEL = 0.02
"""Growth per day within which a cluster counts as steady: about 15 % in a week."""


def on_map(
    register: pl.DataFrame, districts: Centres, provinces: Centres, *, t: Translate, language: str
) -> Marks | None:
    """Return the clusters as circles, the largest first, with their legend; None without any.

    Args:
        register: `chain.clusters.REGISTER`.
        districts: their centres.
        provinces: their centres.
        t: texts of the language.
        language: `vi` or `en`.
    """
    recent = register.filter(pl.col("n_14d") > 0, pl.col("province_code").is_not_null())
    rows = recent.sort("n_14d", "code", descending=[True, False]).iter_rows(named=True)
    dots = [
        Dot(
            at=at,
            size=row["n_14d"],
            kind=kind_of(row["growth"]),
            area=row["province_code"],
            name=row["name"] or row["code"],
            text=_told(row, t=t, language=language),
        )
        for row in rows
        if (at := _place(row, districts, provinces))
    ][:MOST]
    if not dots:
        return None
    legend = tuple((kind, t(f"clusters.{kind}")) for kind in KINDS)
    placed = marks.laid(dots, smallest=SMALLEST, largest=LARGEST)
    return Marks(marks=placed, title=t("clusters.on_map"), legend=legend)


def _place(row: Mapping[str, object], districts: Centres, provinces: Centres) -> Point | None:
    lon, lat = row["lon"], row["lat"]
    if isinstance(lon, float) and isinstance(lat, float):
        return lon, lat
    return marks.place_of(row["district_code"], row["province_code"], districts, provinces)


def kind_of(growth: float | None) -> str:
    """Return whether a cluster grows, by its growth per day."""
    if growth is None or abs(growth) < LEVEL:
        return STEADY
    return GROWING if growth > 0 else FALLING


def _told(row: Mapping[str, object], *, t: Translate, language: str) -> str:
    recent, size, growth = (float(str(row[name])) for name in ("n_14d", "size", "growth"))
    return t(
        "clusters.mark",
        recent=formatting.number(recent, language=language),
        size=formatting.number(size, language=language),
        growth=formatting.signed(growth, language=language, decimals=2),
    )
