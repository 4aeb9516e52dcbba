"""Laboratories as marks on a map: sized by declared capacity, coloured by load. Pure.

A laboratory's address is not recorded: it stands at the centre of its province, in a ring with the
others of that province.
"""

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from dashboard.maps.marks import Centres, Dot, Marks, laid
from dashboard.testing_tables import Load, laboratory_loads

SMALLEST, LARGEST = 3.0, 9.0
MOST = 250
HIGH, TIGHT, FULL = 0.7, 0.9, 1.0
CLASSES = {
    "low": "layers.load_low",
    "high": "layers.load_high",
    "tight": "layers.load_tight",
    "full": "layers.load_full",
    "none": "layers.load_none",
}
"""Of load, with their texts: below 70 %, below 90 %, below 100 %, at capacity, not known."""


def on_map(
    register: pl.DataFrame, resulted: pl.DataFrame, provinces: Centres, *, t: Translate,
    language: str,
) -> Marks | None:  # fmt: skip
    """Return the laboratories with their legend, the largest first; None without any.

    Args:
        register: as `data_access.laboratories` gives it.
        resulted: date, area_code, lab, value of a week.
        provinces: their centres.
        t: texts of the language.
        language: `vi` or `en`.
    """
    loads = sorted(
        laboratory_loads(register, resulted), key=lambda one: (-(one.capacity or 0), one.code)
    )
    dots = [
        Dot(
            at=at,
            size=one.capacity,
            kind=class_of(one.load),
            area=one.area_code,
            name=one.name or one.code,
            text=_told(one, t=t, language=language),
        )
        for one in loads
        if (at := provinces.get(one.area_code))
    ][:MOST]
    if not dots:
        return None
    legend = tuple((kind, t(text)) for kind, text in CLASSES.items())
    placed = laid(dots, smallest=SMALLEST, largest=LARGEST)
    return Marks(marks=placed, title=t("layers.laboratories"), legend=legend)


def class_of(load: float | None) -> str:
    """Return the class of a load, one of CLASSES."""
    if load is None:
        return "none"
    if load >= FULL:
        return "full"
    return "tight" if load >= TIGHT else "high" if load >= HIGH else "low"


def _told(one: Load, *, t: Translate, language: str) -> str:
    per_day = formatting.number(one.per_day, language=language, decimals=1)
    if one.capacity is None or one.load is None:
        return t("layers.lab_unknown", per_day=per_day)
    return t(
        "layers.lab",
        per_day=per_day,
        capacity=formatting.number(one.capacity, language=language),
        load=formatting.percent(one.load, language=language, decimals=0),
    )
