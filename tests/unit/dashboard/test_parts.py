"""Small parts: markup, ranking, downloads, deliveries, chart, palette."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import downloads
from dashboard.catalogue import of_indicator
from dashboard.charts.trend import rolling_mean, trend
from dashboard.components.markup import Markup, element
from dashboard.deliveries import platforms
from dashboard.i18n import translator
from dashboard.ranking import ranked
from data_access.freshness import FRESHNESS_SCHEMA
from data_access.indicators.registry import INDICATORS
from data_access.plain_text import harmless

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2022, 1, 20)
CASES = of_indicator(INDICATORS["cases"])
COVERAGE = of_indicator(INDICATORS["vaccination_coverage_1"])


# ---- markup


@given(st.text(), st.text())
def test_no_text_becomes_markup(text: str, value: str) -> None:
    written = str(element("p", text, title=value))
    inside = written.removeprefix("<p ").removesuffix("</p>")
    assert "<" not in inside
    assert written.count(">") == 2
    assert inside.count('"') == 2


def test_elements_nest_and_skip_nothing_else() -> None:
    built = element("p", element("b", "a & b"), None, " c", class_="x", data_id="1")
    assert str(built) == '<p class="x" data-id="1"><b>a &amp; b</b> c</p>'


def test_markup_cannot_be_made_from_text() -> None:
    with pytest.raises(TypeError):
        Markup("<script>", built=object())


# ---- ranking and downloads


FOUND = pl.DataFrame(
    {
        "date": [DAY, DAY, DAY, DAY - timedelta(days=7)],
        "area_code": ["01", "04", "79", "79"],
        "area": ["Hà Nội", "Cao Bằng", "Hồ Chí Minh", "Hồ Chí Minh"],
        "id": ["cases"] * 4,
        "value": [5.0, None, 9.0, 4.5],
        "status": ["", "not_reported", "", ""],
        "source": ["b", "", "a", "a"],
    }
)


def test_ranking_puts_what_has_no_figure_last() -> None:
    rows = ranked(FOUND, day=DAY)
    assert [(row.code, row.rank, row.change) for row in rows] == [
        ("79", 1, 4.5),
        ("01", 2, None),
        ("04", None, None),
    ]
    assert rows[2].status == "not_reported"


def test_download_is_the_query_command_s_table() -> None:
    text = downloads.csv_of(FOUND).decode("utf-8-sig")
    assert text.splitlines() == [
        "date,area_code,area,id,value,status",
        "2022-01-13,79,Hồ Chí Minh,cases,4.5,",
        "2022-01-20,01,Hà Nội,cases,5,",
        "2022-01-20,04,Cao Bằng,cases,,not_reported",
        "2022-01-20,79,Hồ Chí Minh,cases,9,",
    ]


def test_dictionary_names_unit_sources_and_every_status() -> None:
    text = downloads.dictionary_of(FOUND, COVERAGE, language="en").decode("utf-8-sig")
    assert "unit,0-1" in text
    assert "source,a · b" in text
    assert "status=suppressed,Hidden: small number" in text


# ---- deliveries


def fresh(**row: object) -> dict[str, object]:
    return {**dict.fromkeys(FRESHNESS_SCHEMA), "source": "s", **row}


def test_the_best_source_speaks_for_its_platform_and_the_silent_say_so() -> None:
    sent = datetime(2022, 1, 20, 12, tzinfo=UTC)
    rows = [
        fresh(platform="tracing", state="silent", known_at=sent - timedelta(days=30),
              days_since_delivery=30, days_late=28,
              last_day=DAY - timedelta(days=30), source="old"),
        fresh(platform="tracing", state="on_time", known_at=sent, last_day=DAY),
        fresh(platform="testing", state="never", source=""),
    ]  # fmt: skip
    found = {
        row.platform: row
        for row in platforms(pl.DataFrame(rows, schema=FRESHNESS_SCHEMA, orient="row"))
    }
    assert len(found) == 6
    assert (found["tracing"].state, found["tracing"].last_day) == ("on_time", DAY)
    assert (found["tracing"].days, found["tracing"].n_sources) == (0, 2)
    assert found["testing"].state == found["quarantine"].state == "never"


@pytest.mark.parametrize(("state", "days"), [("late", 3), ("silent", 50)])
def test_how_late_and_how_long_silent_is_never_nothing(state: str, days: int) -> None:
    row = fresh(platform="tracing", state=state, known_at=datetime(2021, 7, 14, tzinfo=UTC),
                days_since_delivery=50, days_late=3)  # fmt: skip
    found = platforms(pl.DataFrame([row], schema=FRESHNESS_SCHEMA, orient="row"))
    assert {one.platform: one.days for one in found}["tracing"] == days


# ---- chart


def daily(values: list[float | None]) -> pl.DataFrame:
    days = [DAY - timedelta(days=len(values) - 1 - n) for n in range(len(values))]
    return pl.DataFrame({"date": days, "value": values}, schema_overrides={"value": pl.Float64})


def test_a_daily_count_is_bars_with_a_mean() -> None:
    figure = trend(
        daily([7.0] * 7), entry=CASES, t=translator("vi"), language="vi", complete_until=DAY
    )
    bars, mean = figure.data
    assert (bars.type, list(bars.y)) == ("bar", [7.0] * 7)
    assert bars.hovertemplate == "%{x|%d/%m/%Y}: %{y:,.0f}<extra></extra>"
    assert list(mean.y) == [None] * 4 + [7.0] * 3
    assert figure.layout.separators == ",."


def test_a_share_is_a_line_with_gaps() -> None:
    figure = trend(
        daily([0.5, None, 0.6]), entry=COVERAGE, t=translator("en"), language="en",
        complete_until=DAY,
    )  # fmt: skip
    (line,) = figure.data
    assert line.connectgaps is False
    assert list(line.y) == [0.5, None, 0.6]
    assert line.hovertemplate == "%{x|%e %b %Y}: %{y:.1%}<extra></extra>"


def test_days_that_may_still_change_are_shaded() -> None:
    figure = trend(
        daily([1.0] * 5), entry=CASES, t=translator("vi"), language="vi",
        complete_until=DAY - timedelta(days=2),
    )  # fmt: skip
    assert len(figure.layout.shapes) == 1
    complete = trend(
        daily([1.0] * 5), entry=CASES, t=translator("vi"), language="vi", complete_until=DAY
    )
    assert not complete.layout.shapes


@given(st.lists(st.none() | st.floats(min_value=0, max_value=1e6), max_size=40))
def test_the_mean_lies_within_its_days(values: list[float | None]) -> None:
    for end, mean in enumerate(rolling_mean(values)):
        known = [value for value in values[max(end - 6, 0) : end + 1] if value is not None]
        assert (mean is None) == (len(known) < 5)
        if mean is not None:
            assert min(known) - 0.05 <= mean <= max(known) + 0.05


# ---- palette


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palette() -> dict[str, tuple[str, str]]:
    import re  # noqa: PLC0415

    text = (ROOT / "dashboard" / "static" / "dashboard.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--(td-[a-z-]+|m\d): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: (light, dark) for name, light, dark in pairs}


@pytest.mark.parametrize("ink", ["td-ink", "td-soft", "td-brand", "td-good", "td-bad", "td-warn"])
@pytest.mark.parametrize("ground", ["td-paper", "td-card", "td-note-ground", "td-warn-ground"])
@pytest.mark.parametrize("theme", [0, 1])
def test_text_has_contrast_enough_in_both_themes(ink: str, ground: str, theme: int) -> None:
    colours = palette()
    assert contrast(colours[ink][theme], colours[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_streamlit_s_own_texts_too(theme: str) -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    look = settings["theme"][theme]
    for ink in ("textColor", "linkColor", "primaryColor", "redColor", "greenColor", "grayColor"):
        for ground in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(look[ink], look[ground]) >= 4.5, (ink, ground)


def test_map_classes_grow_steadily_darker_or_lighter() -> None:
    """Told apart in grey too: whoever does not see colours sees the order."""
    import re  # noqa: PLC0415

    text = (ROOT / "dashboard" / "static" / "dashboard.css").read_text(encoding="utf-8")
    ramps = re.findall(r"\.tdm\[data-ramp=\"\w+\"\] \{([^}]*)\}", text)
    assert len(ramps) == 3
    for ramp in ramps:
        pairs = re.findall(r"light-dark\((#\w{6}), (#\w{6})\)", ramp)
        light, dark = ([luminance(pair[theme]) for pair in pairs] for theme in (0, 1))
        assert len(pairs) == 6
        assert light == sorted(light, reverse=True)
        assert dark == sorted(dark)


def test_no_text_of_a_download_is_a_formula_and_no_number_is_changed() -> None:
    frame = pl.DataFrame(
        {
            "name": ["=1+1", "@SUM(A1)", "-", "b-2", None, "Hà Nội"],
            "written": ["-5", "+3", "1.5", "-5-5", "", "-0.25"],
            "value": [-1.0, 2.0, 3.0, 4.0, 5.0, None],
        }
    )
    told = harmless(frame)
    assert told["name"].to_list() == ["'=1+1", "'@SUM(A1)", "'-", "b-2", None, "Hà Nội"]
    assert told["written"].to_list() == ["-5", "+3", "1.5", "'-5-5", "", "-0.25"]
    assert told["value"].to_list() == frame["value"].to_list()
    assert b"'=1+1" in downloads.plain_csv(frame)
    assert harmless(frame.select("value")).equals(frame.select("value"))
