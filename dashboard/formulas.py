"""Formulas of figures in words, as a person of the field would write them. Pure."""

import re
from collections.abc import Mapping

from dashboard.code_names import code_name
from dashboard.i18n import Translate, pick
from data_access.bulletins.dictionary import formula_of
from data_access.indicators.model import POPULATION, Aggregate, Indicator, Term
from data_access.measures.model import Measure

MOST_CODES = 6
"""More codes than that are bins of a delay: the figure's definition says which."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[0-9]+(?:\.[0-9]+)?")
_SIGNS = {" * ": " × ", " / ": " ÷ ", " - ": " − ", ">=": "≥", "<=": "≤"}


def formula(one: Indicator, measures: Mapping[str, Measure], *, t: Translate, language: str) -> str:
    """Return the formula of an indicator with what is counted in place of its terms' names."""
    words = {term.name: term_words(term, measures, t=t, language=language) for term in one.terms}
    words[POPULATION] = t("formula.adults" if one.population == "18+" else "formula.people")
    return said(formula_of(one), words, t=t, language=language)


def said(text: str, words: Mapping[str, str], *, t: Translate, language: str) -> str:
    """Return a formula in words.

    Args:
        text: as `formula_of` writes it.
        words: what each name in it stands for.
        t: texts.
        language: `vi` or `en`.
    """
    if text.startswith("when("):
        case, rest = _bracket(text, len("when"))
        then, rest = _bracket(rest, len(".then"))
        otherwise, _ = _bracket(rest, len(".otherwise"))
        parts = [said(part, words, t=t, language=language) for part in (case, then, otherwise)]
        return t("formula.case", case=parts[0], then=parts[1], otherwise=parts[2])
    if text == "null":
        return t("formula.undefined")
    for sign, shown in _SIGNS.items():
        text = text.replace(sign, shown)
    text = _NUMBER.sub(lambda found: _number(found.group(), language), text)
    return _NAME.sub(lambda found: words.get(found.group(), found.group()), text)


def _bracket(text: str, start: int) -> tuple[str, str]:
    """Return what stands in the bracket that opens at a place, and what follows it."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place], text[place + 1 :]
    raise ValueError(f"no bracket closes in {text!r}")


def _number(text: str, language: str) -> str:
    whole, _, rest = text.partition(".")
    point, group = (",", ".") if language == "vi" else (".", ",")
    grouped = f"{int(whole):,}".replace(",", group)
    return f"{grouped}{point}{rest}" if rest.strip("0") else grouped


def term_words(term: Term, measures: Mapping[str, Measure], *, t: Translate, language: str) -> str:
    """Return what a term counts: `[Ca mắc mới: tổng 7 ngày]`."""
    measure = measures[term.measure]
    name = pick(measure.vi, measure.en, language=language)
    parts = [_codes(term, measure, t=t, language=language), _days(term, t=t)]
    told = ", ".join(part for part in parts if part)
    return f"[{name}: {told}]" if told else f"[{name}]"


def _days(term: Term, *, t: Translate) -> str:
    if term.cumulative:
        return t("formula.running")
    if term.aggregate is Aggregate.QUANTILE:
        return t("formula.quantile", share=f"{term.share * 100:g}", n=term.window_days)
    if term.window_days == 1:
        return ""
    name = "formula.mean" if term.aggregate is Aggregate.MEAN else "formula.sum"
    return t(name, n=term.window_days)


def _codes(term: Term, measure: Measure, *, t: Translate, language: str) -> str:
    """Return which of them count, where they are not bins of a delay."""
    told = []
    for every in term.where:
        for by, codes in every:
            if len(codes) > MOST_CODES:
                told.append(t("formula.delays"))
                continue
            names = []
            for code in codes:
                plain = code.removeprefix("!")
                name = code_name(plain, platform=measure.platform, by=by, t=t, language=language)
                names.append(t("formula.without", name=name) if code != plain else name)
            # A source's own word for a code that the product has a word for says nothing more.
            worded = [name for name in names if name not in codes]
            told.append(" / ".join(dict.fromkeys(worded or names)))
    return "; ".join(told)
