"""Formulas in words: no name of the program is left in them, in either language."""

import re

import pytest

from dashboard.formulas import formula
from dashboard.i18n import LANGUAGES, translator
from data_access.bulletins.dictionary import formula_of
from data_access.codes import Clearance
from data_access.indicators.registry import INDICATORS
from data_access.measures.registry import MEASURES

PUBLIC = [one for one in INDICATORS.values() if one.clearance == Clearance.PUBLIC]
ENGLISH = re.compile(r"\b(counted|sum|mean|quantile|running|where|when|otherwise|null|in|of)\b")


def told(key: str, language: str) -> str:
    return formula(INDICATORS[key], MEASURES, t=translator(language), language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("one", PUBLIC, ids=lambda one: one.key)
def test_every_public_formula_is_in_words(one, language: str) -> None:
    text = told(one.key, language)
    names = {term.name for term in one.terms} | {term.measure for term in one.terms}
    codes = {code for term in one.terms for every in term.where for _, some in every
             for code in some if "_" in code}  # fmt: skip
    for name in names | codes:
        if "_" in name or name in ("counted", "mean"):
            assert not re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", text.split("mean of")[0])
    for term in one.terms:
        measure = MEASURES[term.measure]
        assert (measure.vi if language == "vi" else measure.en) in text
    if language == "vi":
        assert not ENGLISH.search(text)
    assert text.count("[") == text.count("]")
    signs = {" * ": " × ", " / ": " ÷ "}
    for plain, shown in signs.items():
        assert formula_of(one).count(plain) <= text.count(shown)


def test_what_a_minister_reads() -> None:
    assert told("cases", "vi") == "[Ca mắc mới]"
    assert told("incidence_7d_per_100k", "vi") == (
        "([Ca mắc mới: tổng 7 ngày gần nhất] ÷ [Dân số]) × 100.000"
    )
    assert told("incidence_7d_per_100k", "en") == (
        "([New cases: sum of the last 7 days] ÷ [Population]) × 100,000"
    )
    assert told("vaccination_days_to_target", "vi").startswith("nếu [")
    assert "0,7 × [Dân số từ 18 tuổi]" in told("vaccination_days_to_target", "vi")
