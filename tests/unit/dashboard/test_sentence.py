"""The sentence on top, word by word."""

from dataclasses import replace
from datetime import timedelta

from dashboard.i18n import translator
from dashboard.sentence import Movement, sentence
from tests.unit.dashboard.test_headline import CASES, COVERAGE, DAY, card

T = translator("vi")


def say(cards: dict, **more: object) -> str:
    given = {"day": DAY, "place": None, "movement": None, "t": T, "language": "vi", **more}
    return sentence(cards, **given)


def test_cases_trend_and_movement() -> None:
    cases = card(CASES, [10_000.0] * 7 + [12_000.0] * 7)
    moved = Movement(
        title="Ca mắc mới", area="Hà Nội", change="+1.240", before="1", after="2", day=DAY,
        previous=DAY - timedelta(days=1), rising=True, tone="bad",
    )  # fmt: skip
    assert say({"cases": cases}, movement=moved) == (
        "Ngày 20/01/2022, cả nước ghi nhận 12.000 ca mắc mới; 7 ngày qua tăng 20,0\u00a0% so với "
        "7 ngày trước đó. Thay đổi lớn nhất: ca mắc mới tại Hà Nội (+1.240 so với ngày trước)."
    )


def test_missing_provinces_are_named() -> None:
    cases = card(CASES, [5.0])
    partly = replace(cases, facts={"n_expected": 63, "n_missing": 1})
    assert "(62/63 tỉnh, thành có báo cáo)" in say({"cases": partly})


def test_nothing_reported_is_said_and_not_zero() -> None:
    assert say({"cases": card(CASES, [5.0, None])}, place="Hà Nội") == (
        "Chưa có báo cáo ca mắc của Hà Nội cho ngày 20/01/2022."
    )


def test_doubtful_figures_are_not_repeated_as_facts() -> None:
    text = say({"vaccination_coverage_1": card(COVERAGE, [1.139]), "cases": card(CASES, [1.0])})
    assert "113" not in text
    zero = say({"cases": card(CASES, [16_000.0] * 14 + [0.0])})
    assert "cần kiểm tra nguồn" in zero
    assert "giảm" not in zero
