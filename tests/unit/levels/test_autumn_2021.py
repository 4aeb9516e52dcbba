"""Real cases of all provinces in the autumn of 2021, against what was published and in pandas."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from scripts import levels_of_2021 as autumn

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT.parent / "shared" / "data" / "vn"
pytestmark = pytest.mark.skipif(
    not (FOLDER / autumn.NCSC).is_file(), reason="the compilations are not beside this checkout"
)


def rates(day: date) -> pd.Series:
    """Weekly cases per 100,000 by province, in pandas."""
    read = pd.read_csv(FOLDER / autumn.NCSC, dtype={"code": str})
    read = read[read["flag"].isna()].assign(date=pd.to_datetime(read["date"]))
    week = read[(read["date"] <= pd.Timestamp(day))
                & (read["date"] > pd.Timestamp(day) - pd.Timedelta(days=7))]  # fmt: skip
    mean = week.groupby("code")["new_cases"].mean()
    return mean * 7 / pd.Series(autumn.people()) * 100_000


@pytest.mark.parametrize("day", list(autumn.PUBLISHED))
def test_incidence_and_bands_are_those_of_pandas(day: date) -> None:
    found = autumn.assessed(autumn.daily_cases(FOLDER / autumn.NCSC), autumn.people(), day,
                            autumn.CASES[0])  # fmt: skip
    expected = rates(day)
    assert len(found) == 63
    for code, made in found.items():
        assert made.per_criterion[0].value == pytest.approx(expected[code])
        assert made.level == (1 if expected[code] < 20 else 2 if expected[code] < 150 else 3)


@pytest.mark.parametrize(("day", "published"), list(autumn.PUBLISHED.items()))
def test_published_counts_lie_between_no_and_every_a1(
    day: date, published: tuple[int, int, int, int]
) -> None:
    cases, people = autumn.daily_cases(FOLDER / autumn.NCSC), autumn.people()
    mild, strict = (
        autumn.counts(autumn.assessed(cases, people, day, one)) for one in autumn.CASES[:2]
    )
    assert sum(published) == sum(mild) == sum(strict) == 63
    assert strict[0] <= published[0] <= mild[0]
    assert mild[2:] == published[2:] == (0, 0)


def test_the_page_in_the_documentation_is_what_the_script_says() -> None:
    page = (ROOT / "docs" / "levels-2021.md").read_text(encoding="utf-8")
    assert page == autumn.report(FOLDER)
