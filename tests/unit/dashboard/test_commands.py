"""What the command pages declare exists, is named in both languages, and is drawn as it says."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import breakdown, command_sentence
from dashboard.catalogue import of_indicator
from dashboard.charts import cut as charts
from dashboard.code_names import code_name
from dashboard.commands import COMMANDS
from dashboard.i18n import LANGUAGES, has, translator
from dashboard.navigation import PAGES
from data_access.contracts.registry import CONTRACTS
from data_access.contracts.rules import DELAY_BINS
from data_access.indicators.forms import indicator_of
from data_access.indicators.registry import INDICATORS
from data_access.measures.registry import MEASURES
from tests.unit.dashboard.test_headline import DAY, card

PAGE = sorted(COMMANDS)


@pytest.mark.parametrize("key", PAGE)
def test_every_id_of_a_page_exists_and_is_named(key: str) -> None:
    page = COMMANDS[key]
    ids = {page.lead, *page.said, page.watch.id, *page.cards, *page.choices, *page.listed}
    assert ids <= INDICATORS.keys()
    assert key in {entry.key for entry in PAGES}
    for language in LANGUAGES:
        for name in ("title", "question", "watch", "watch_none", "watch_unknown"):
            assert has(f"{key}.{name}", language=language)


@pytest.mark.parametrize("key", PAGE)
def test_every_breakdown_is_by_a_dimension_of_its_measure(key: str) -> None:
    for cut in COMMANDS[key].cuts:
        indicator = indicator_of(cut.id)
        measures = indicator.measures if indicator else (cut.id,)
        assert all(cut.by in MEASURES[one].dimensions for one in measures), cut
        assert has(f"dimension.{cut.by}", language="vi")


def test_every_code_a_contract_allows_has_its_own_name() -> None:
    # The dimension `kind` means something else on each platform.
    for contract in CONTRACTS:
        for kind in contract.kinds:
            for field in kind.fields:
                for code, (vi, en) in field.labels.items():
                    for language, name in (("vi", vi), ("en", en)):
                        shown = code_name(
                            code, platform=contract.platform, by=field.name,
                            t=translator(language), language=language,
                        )  # fmt: skip
                        assert (
                            shown == name
                            or len([k for k in contract.kinds if k.field_named(field.name)]) > 1
                        )


def test_a_code_nobody_names_is_shown_as_it_is_and_none_is_said_in_words() -> None:
    words = {"platform": "testing", "by": "via", "t": translator("vi"), "language": "vi"}
    assert code_name("bồ câu", **words) == "bồ câu"
    assert code_name("unknown", **words) == "Không ghi rõ"
    assert code_name("don_lai", **{**words, "by": "pool"}) == "Mẫu đơn lấy lại từ mẫu gộp"


# --- breakdowns ---------------------------------------------------------------------------------

CELLS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from("abcdefghij"), st.none() | st.integers(0, 500)),
    unique_by=lambda cell: cell[:2],
    min_size=1,
)


def daily(cells: list[tuple[int, str, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(DAY - timedelta(days=back), code, value) for back, code, value in cells],
        schema={"date": pl.Date, "kind": pl.String, "value": pl.Float64},
        orient="row",
    )


@given(cells=CELLS, top=st.integers(1, 5))
def test_nothing_is_lost_among_the_codes_and_nothing_made_of_nothing(
    cells: list[tuple[int, str, float | None]], top: int
) -> None:
    parts = breakdown.ranked(daily(cells), by="kind", adds=True, day=DAY, top=top)
    known = [value for _, _, value in cells if value is not None]
    assert sum(part.value for part in parts if part.value is not None) == sum(known)
    silent = {code for _, code, _ in cells} - {c for _, c, value in cells if value is not None}
    assert all(part.value is None for part in parts if part.code in silent)
    named = [
        part.value for part in parts if part.code != breakdown.OTHER and part.value is not None
    ]
    assert named == sorted(named, reverse=True)
    assert len(parts) <= top + 1


def test_small_codes_of_a_level_are_summed_too_and_shares_are_of_the_whole() -> None:
    found = daily([(0, "a", 50.0), (0, "b", 30.0), (0, "c", 15.0), (0, "d", 5.0)])
    parts = breakdown.ranked(found, by="kind", adds=False, day=DAY, top=2)
    assert [(part.code, part.value, part.share) for part in parts] == [
        ("a", 50.0, 0.5), ("b", 30.0, 0.3), (breakdown.OTHER, 20.0, 0.2)
    ]  # fmt: skip


def test_shares_of_codes_are_never_added_up() -> None:
    found = daily([(0, "a", 0.5), (0, "b", 0.3), (0, "c", 0.1)])
    parts = breakdown.ranked(found, by="kind", adds=False, day=DAY, top=2, is_ratio=True)
    assert [(part.code, part.value, part.share) for part in parts] == [
        ("a", 0.5, None), ("b", 0.3, None), ("c", 0.1, None)
    ]  # fmt: skip


def test_classes_of_age_stand_in_their_own_order_and_codes_by_size() -> None:
    ages = daily([(0, "65+", 30.0), (0, "18-49", 50.0), (0, "50-64", 40.0)])
    parts = breakdown.ranked(ages, by="kind", adds=True, day=DAY, top=8)
    assert [part.code for part in parts] == ["18-49", "50-64", "65+"]
    numbered = daily([(0, "1", 30.0), (0, "2", 50.0)])
    parts = breakdown.ranked(numbered, by="kind", adds=True, day=DAY, top=8)
    assert [part.code for part in parts] == ["2", "1"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_code_is_named_as_the_rest_is(language: str) -> None:
    """Two bars of one name would be drawn on each other."""
    names = {
        label[LANGUAGES.index(language)]
        for contract in CONTRACTS
        for kind in contract.kinds
        for field in kind.all_fields()
        for label in field.labels.values()
    }
    assert names
    assert translator(language)("command.other") not in names


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_unit_that_the_title_names_is_not_said_again(language: str) -> None:
    t = translator(language)
    incidence = of_indicator(INDICATORS["incidence_7d_per_100k"])
    assert incidence.unit_text(t).casefold() in incidence.title(language).casefold()
    assert not incidence.unit_beside(t, language=language)
    wait = of_indicator(INDICATORS["contact_reach_p50_hours"])
    assert wait.unit_beside(t, language=language) == wait.unit_text(t)


@given(cells=CELLS, top=st.integers(1, 4))
def test_a_stack_is_as_high_as_all_its_codes_together(
    cells: list[tuple[int, str, float | None]], top: int
) -> None:
    found = daily(cells).drop_nulls("value")
    folded = breakdown.folded(found, by="kind", top=top)
    assert folded["kind"].n_unique() <= top + 1
    for day in found["date"].unique():
        on_day = pl.col("date") == day
        assert folded.filter(on_day)["value"].sum() == found.filter(on_day)["value"].sum()


def test_a_level_is_that_of_the_day_and_not_a_sum() -> None:
    found = daily([(0, "a", 5.0), (1, "a", 100.0), (0, "b", 7.0)])
    parts = breakdown.ranked(found, by="kind", adds=False, day=DAY, top=8)
    assert [(part.code, part.value) for part in parts] == [("b", 7.0), ("a", 5.0)]


@given(values=st.lists(st.integers(0, 9), min_size=len(DELAY_BINS), max_size=len(DELAY_BINS)))
def test_delays_fall_into_the_class_of_their_hours(values: list[int]) -> None:
    given_parts = [
        breakdown.Part(code=code, value=float(value), share=None)
        for code, value in zip(DELAY_BINS, values, strict=True)
    ]
    classes = breakdown.in_order(given_parts)
    lows = (0, *breakdown.DELAY_ENDS)
    for number, part in enumerate(classes):
        low = lows[number]
        high = lows[number + 1] if number + 1 < len(lows) else None
        inside = [
            value
            for (start, _), value in zip(DELAY_BINS.values(), values, strict=True)
            if low <= start and (high is None or start < high)
        ]
        assert part.value == sum(inside)


def test_every_class_of_delays_begins_and_ends_where_a_bin_does() -> None:
    edges = {edge for span in DELAY_BINS.values() for edge in span}
    assert set(breakdown.DELAY_ENDS) <= edges


def test_days_of_stay_keep_their_order() -> None:
    parts = [breakdown.Part(code=code, value=1.0, share=None) for code in ("08-14", "15+", "01-03")]
    assert [part.code for part in breakdown.in_order(parts)] == ["01-03", "08-14", "15+"]


def test_a_bar_carries_its_figure_and_a_column_its_class() -> None:
    entry = of_indicator(INDICATORS["samples_collected"])
    parts = (
        breakdown.Part(code="a", value=1500.0, share=0.75),
        breakdown.Part(code="b", value=500.0, share=0.25),
        breakdown.Part(code="c", value=None, share=None),
    )
    names = {"a": "A", "b": "B", "c": "C"}
    bars = charts.bars(parts, names, entry=entry, language="vi")
    assert list(bars.data[0].y) == ["A", "B"]
    assert list(bars.data[0].text) == ["1.500 (75 %)", "500 (25 %)"]
    columns = charts.columns(parts[:2], names, entry=entry, language="en")
    assert (list(columns.data[0].x), list(columns.data[0].y)) == (["A", "B"], [1500.0, 500.0])


def test_a_stack_lays_each_code_over_its_own_days() -> None:
    found = daily([(1, "a", 3.0), (0, "a", 5.0), (0, "b", 7.0)])
    codes = breakdown.largest(found, by="kind", top=8)
    figure = charts.stack(found, codes, {"a": "A", "b": "B"}, by="kind", language="vi")
    assert [(trace.name, list(trace.y)) for trace in figure.data] == [
        ("A", [3.0, 5.0]),
        ("B", [7.0]),
    ]


# --- sentence -----------------------------------------------------------------------------------


def say(language: str = "vi", place: str | None = None, **values: list[float | None]) -> str:
    cards = {key: card(of_indicator(INDICATORS[key]), shown) for key, shown in values.items()}
    first, *others = values
    return command_sentence.sentence(
        cards, lead=first, said=others, day=DAY, place=place, t=translator(language),
        language=language,
    )  # fmt: skip


def test_the_sentence_says_where_when_how_much_and_how_it_moved() -> None:
    text = say(
        quarantine_occupancy=[0.78] * 7 + [0.84], quarantine_overdue=[4.0] * 7 + [4.0],
        quarantine_admissions=[10.0] * 7 + [20.0] * 7,
    )  # fmt: skip
    assert text == (
        "Cả nước, ngày 20/01/2022: công suất cách ly đang dùng là 84,0\u00a0% "
        "(tăng 6,0\u00a0điểm\u00a0% so với 7 ngày trước); người quá hạn cách ly là 4 "
        "(không đổi so với 7 ngày trước); tiếp nhận cách ly là 20 "
        "(7 ngày qua tăng 100,0\u00a0% so với 7 ngày trước đó)."
    )


def test_what_nobody_reported_is_said_and_never_zero() -> None:
    text = say("en", "Hà Nội", quarantine_occupancy=[None], quarantine_free=[None])
    assert text == "Hà Nội, 20 Jan 2022 – no figure yet of quarantine occupancy."


def test_an_older_level_carries_its_day() -> None:
    assert "(of 19 Jan)" in say("en", quarantine_free=[5.0, None])


def test_few_places_are_named_and_many_are_counted() -> None:
    names = ["A", "B", "C", "D", "E", "F"]
    assert command_sentence.listed(names[:4], t=translator("vi")) == "A, B, C, D"
    assert command_sentence.listed(names, t=translator("vi")) == "A, B, C, D và 2 nơi khác"


def test_the_day_of_the_tests_is_a_day() -> None:
    assert isinstance(DAY, date)
