"""What every public figure is: names, definition, formula, unit, measures behind it. Pure."""

import re
from collections.abc import Mapping

from data_access.codes import Clearance
from data_access.cube.catalogue import Catalogue
from data_access.indicators.model import POPULATION, Aggregate, Indicator, Term, Unit
from data_access.indicators.registry import INDICATORS
from data_access.measures.model import Measure

INDICATOR, MEASURE = "indicator", "measure"
Item = Mapping[str, object]
_COLUMN = re.compile(r'col\("([A-Za-z0-9_]+)"\)')
_LITERAL = re.compile(r"dyn (?:int|float): (-?[0-9.]+)")
_AGGREGATES = {Aggregate.SUM: "sum", Aggregate.MEAN: "mean", Aggregate.QUANTILE: "quantile"}


def formula_of(one: Indicator) -> str:
    """Return the formula in names of terms: `(cases / population) * 100000`."""
    text = _LITERAL.sub(r"\1", _COLUMN.sub(r"\1", str(one.formula)))
    text = _single(text.replace("[", "(").replace("]", ")"))
    text = re.sub(r"(?<![A-Za-z0-9_])\(([A-Za-z0-9_.]+)\)", r"\1", text)
    return re.sub(r"(^|\()\.when", r"\1when", text)


def _single(text: str) -> str:
    """Return a formula without brackets that say nothing: doubled ones, and one around it all."""
    partner, open_ones = {}, []
    for place, letter in enumerate(text):
        if letter == "(":
            open_ones.append(place)
        elif letter == ")":
            partner[open_ones.pop()] = place
    dropped = {0, len(text) - 1} if partner.get(0) == len(text) - 1 else set()
    for begin, end in partner.items():
        if partner.get(begin + 1) == end - 1:
            dropped |= {begin + 1, end - 1}
    kept = "".join(letter for place, letter in enumerate(text) if place not in dropped)
    return kept if not dropped else _single(kept)


def terms_of(one: Indicator) -> list[str]:
    """Return each term in words of the formula: `cases = sum of cases over 7 days`."""
    told = [_term(term) for term in one.terms]
    return [*told, f"{POPULATION} = {one.population}"] if one.population else told


def _term(term: Term) -> str:
    kind = "running total" if term.cumulative else _AGGREGATES[term.aggregate]
    if term.aggregate is Aggregate.QUANTILE:
        kind = f"{kind} {term.share:g}"
    days = f" over {term.window_days} days" if term.window_days > 1 else ""
    either = [
        " and ".join(f"{name} in {', '.join(codes)}" for name, codes in every)
        for every in term.where
    ]
    where = f" where {' or '.join(either)}" if either else ""
    return f"{term.name} = {kind} of {term.measure}{days}{where}"


def item_of(one: Indicator | Measure) -> Item:
    """Return what is told of an indicator or measure, as JSON holds it."""
    head = {"id": one.key, "title_vi": one.vi, "title_en": one.en, "platform": one.platform}
    if isinstance(one, Measure):
        return {
            **head, "kind": MEASURE, "unit": one.unit, "about_vi": "", "about_en": "",
            "formula": one.key, "terms": [], "measures": [one.key],
            "dimensions": list(one.dimensions), "typical_lag_days": one.lag_days, "version": 1,
        }  # fmt: skip
    return {
        **head, "kind": INDICATOR, "unit": one.unit.value, "about_vi": one.about_vi,
        "about_en": one.about_en, "formula": formula_of(one), "terms": terms_of(one),
        "measures": list(one.measures), "dimensions": [],
        "typical_lag_days": one.typical_lag_days, "version": one.version,
    }  # fmt: skip


def dictionary(catalogue: Catalogue) -> list[Item]:
    """Return every public indicator, and every public measure with figures, in order of id.

    Where an indicator and a measure share an id the indicator's words explain it; it is the
    measure that answers.
    """
    measures = {
        key: catalogue.measures[key]
        for key in catalogue.numbers
        if catalogue.measures[key].clearance == Clearance.PUBLIC
    }
    found: dict[str, Item] = {key: item_of(one) for key, one in measures.items()}
    for key, one in INDICATORS.items():
        if one.clearance == Clearance.PUBLIC:
            told = item_of(one)
            own = measures[key].dimensions if key in measures else ()
            found[key] = {**told, "dimensions": list(own)}
    return [found[key] for key in sorted(found)]


def unit_words() -> Mapping[str, str]:
    """Return what the units of values are, in English."""
    return {
        Unit.COUNT.value: "number", Unit.RATIO.value: "share, 0 to 1",
        Unit.PER_100K.value: "per 100,000 people", Unit.DAYS.value: "days",
        Unit.HOURS.value: "hours", Unit.PER_DAY.value: "per day", Unit.PER_CASE.value: "per case",
        Unit.PER_1000.value: "per 1,000 people",
    }  # fmt: skip
