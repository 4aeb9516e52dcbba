"""Clusters as circles for a map: where, how large, which colour, what is told. Pure.

A circle's area grows with the cases of 14 days; a cluster without any in that time is no circle. A
cluster stands at its own coordinates, else at the centre of its district, else of its province;
those of one place stand in a ring about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from dashboard.maps.payload import Mark, Marks

Centres = Mapping[str, tuple[float, float] | None]
"""Longitude and latitude of the centre of each area, None where not known."""
SMALLEST, LARGEST = 3.0, 16.0
MOST = 300
"""So many circles at most; the largest are kept."""
GROWING, STEADY, FALLING = "growing", "steady", "falling"
KINDS = (GROWING, STEADY, FALLING)
LEVEL = 0.02
"""Growth per day within which a cluster counts as steady: about 15 % in a week."""


@dataclass(frozen=True, kw_only=True)
class ClusterMark:
    """One circle.

    Attributes:
        at: (longitude, latitude).
        turn: its number among the marks of one place.
        radius: in pixels.
        kind: GROWING, STEADY or FALLING.
        area: code of its province, what a click on it picks.
        code: the cluster's code.
        name: what it is called.
        text: what is told of it.
    """

    at: tuple[float, float]
    turn: int
    radius: float
    kind: str
    area: str
    code: str
    name: str
    text: str


def marks(
    register: pl.DataFrame,
    districts: Centres,
    provinces: Centres,
    *,
    t: Translate,
    language: str,
) -> tuple[ClusterMark, ...]:
    """Return the clusters as circles, the largest first.

    Args:
        register: `chain.clusters.REGISTER`.
        districts: their centres.
        provinces: their centres.
        t: texts of the language.
        language: `vi` or `en`.
    """
    recent = register.filter(pl.col("n_14d") > 0, pl.col("province_code").is_not_null())
    rows = recent.sort("n_14d", "code", descending=[True, False]).iter_rows(named=True)
    placed = [(row, at) for row in rows if (at := place_of(row, districts, provinces))][:MOST]
    most = max((row["n_14d"] for row, _ in placed), default=1)
    crowd: dict[tuple[float, float], int] = {}
    made = []
    for row, at in placed:
        crowd[at] = crowd.get(at, -1) + 1
        made.append(
            ClusterMark(
                at=at,
                turn=crowd[at],
                radius=round(max(SMALLEST, LARGEST * sqrt(row["n_14d"] / most)), 1),
                kind=kind_of(row["growth"]),
                area=row["province_code"],
                code=row["code"],
                name=row["name"] or row["code"],
                text=_told(row, t=t, language=language),
            )
        )
    return tuple(made)


def on_map(
    register: pl.DataFrame, districts: Centres, provinces: Centres, *, t: Translate, language: str
) -> Marks | None:
    """Return the circles with their legend as a map takes them; None without any."""
    found = marks(register, districts, provinces, t=t, language=language)
    if not found:
        return None
    placed = tuple(
        Mark(at=one.at, turn=one.turn, radius=one.radius, kind=one.kind, area=one.area,
             name=one.name, text=one.text)
        for one in found
    )  # fmt: skip
    legend = tuple((kind, t(f"clusters.{kind}")) for kind in KINDS)
    return Marks(marks=placed, title=t("clusters.on_map"), legend=legend)


def place_of(
    row: Mapping[str, object], districts: Centres, provinces: Centres
) -> tuple[float, float] | None:
    """Return where a cluster is drawn; None where nobody knows."""
    lon, lat = row["lon"], row["lat"]
    if isinstance(lon, float) and isinstance(lat, float):
        return lon, lat
    return districts.get(str(row["district_code"])) or provinces.get(str(row["province_code"]))


def kind_of(growth: float | None) -> str:
    """Return whether a cluster grows, by its growth per day."""
    if growth is None or abs(growth) < LEVEL:
        return STEADY
    return GROWING if growth > 0 else FALLING


def counted(found: Sequence[ClusterMark]) -> dict[str, int]:
    """Return how many circles there are of each kind, for the legend and its twin."""
    return {kind: sum(mark.kind == kind for mark in found) for kind in KINDS}


def _told(row: Mapping[str, object], *, t: Translate, language: str) -> str:
    recent, size, growth = (float(str(row[name])) for name in ("n_14d", "size", "growth"))
    return t(
        "clusters.mark",
        recent=formatting.number(recent, language=language),
        size=formatting.number(size, language=language),
        growth=formatting.signed(growth, language=language, decimals=2),
    )
