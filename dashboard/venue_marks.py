"""Places that cases visited while infectious, as marks on a map. Pure."""

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from dashboard.maps.marks import Centres, Dot, Marks, laid, place_of

SMALLEST, LARGEST = 3.0, 11.0
MOST = 250
FEW, SOME = 1, 4
CLASSES = {
    "one": "layers.cases_one",
    "some": "layers.cases_some",
    "many": "layers.cases_many",
}
"""Of cases, with their texts: one, two to four, five and more."""


def on_map(
    found: pl.DataFrame, districts: Centres, provinces: Centres, *, t: Translate, language: str
) -> Marks | None:
    """Return the places with their legend, most others first; None without any.

    A place's area grows with the other people who were there; its colour says how many cases.

    Args:
        found: as `data_access.venues` gives it.
        districts: their centres.
        provinces: their centres.
        t: texts of the language.
        language: `vi` or `en`.
    """
    rows = found.sort("people", "cases", "place_code", descending=[True, True, False])
    dots = [
        Dot(
            at=at,
            size=row["people"],
            kind=class_of(row["cases"]),
            area=row["area_code"],
            name=row["name"] or row["place_code"],
            text=_told(row["cases"], row["people"], t=t, language=language),
        )
        for row in rows.iter_rows(named=True)
        if (at := _place(row, districts, provinces))
    ][:MOST]
    if not dots:
        return None
    legend = tuple((kind, t(text)) for kind, text in CLASSES.items())
    placed = laid(dots, smallest=SMALLEST, largest=LARGEST)
    return Marks(marks=placed, title=t("layers.venues"), legend=legend)


def _place(
    row: dict[str, object], districts: Centres, provinces: Centres
) -> tuple[float, float] | None:
    lon, lat = row["lon"], row["lat"]
    if isinstance(lon, float) and isinstance(lat, float):
        return lon, lat
    return place_of(row["district_code"], row["area_code"], districts, provinces)


def class_of(cases: int) -> str:
    """Return the class of a number of cases, one of CLASSES."""
    if cases <= FEW:
        return "one"
    return "some" if cases <= SOME else "many"


def _told(cases: int, people: int, *, t: Translate, language: str) -> str:
    first = t("layers.cases", count=cases, n=formatting.number(cases, language=language))
    others = t("layers.people", count=people, n=formatting.number(people, language=language))
    return f"{first}; {others}"
