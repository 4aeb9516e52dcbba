"""How fast the infection spreads: one line, and its details with charts and table twin."""

import polars as pl
import streamlit as st

from dashboard import downloads, formatting, loaders_estimates, resources
from dashboard.catalogue import Entry
from dashboard.charts.transmission import HEIGHT, rt_figure
from dashboard.components import download
from dashboard.components.markup import Markup, draw, element
from dashboard.components.series import PLOTLY
from dashboard.components.tables import table
from dashboard.context import Context
from data_access.estimates.growth import Growth
from data_access.estimates.reproduction import Posterior
from data_access.estimates.transmission import Expected, Rt, Transmission

SHOWN_DAYS = 60
SHORT_DAYS, LONG_DAYS = 10, 100


def found_of(seen: Context, *, area: str | None) -> Transmission | None:
    """Return the estimates of a province (None: the nation) on the day on screen."""
    if seen.day is None:
        return None
    return loaders_estimates.spread_of(
        viewer=loaders_estimates.as_anybody(seen.viewer),
        area=area,
        day=seen.day,
        token=loaders_estimates.version(viewer=seen.viewer),
    )


def expected_of(entry: Entry, seen: Context, *, area: str | None) -> tuple[Expected, ...]:
    """Return what days still being reported will come to, where the entry is the count of cases."""
    if entry.key != loaders_estimates.CASES:
        return ()
    found = found_of(seen, area=area)
    return found.expected if found else ()


def line(seen: Context, *, area: str | None) -> str:
    """Return the one line: Rt and growth, or why they are not told; empty without any case."""
    found = found_of(seen, area=area)
    if found is None:
        return ""
    parts = [rt_words(found, seen)]
    if found.newest is not None and found.growth is not None:
        parts.append(growth_words(found.growth, seen))
    return " ".join(parts)


def rt_words(found: Transmission, seen: Context) -> str:
    """Return Rt with its interval and day, or why it is not told."""
    newest = found.newest
    if newest is None or newest.r is None:
        reason = seen.t(f"rt_hidden.{found.hidden or 'gap'}")
        return seen.t("transmission.rt_none", reason=reason)
    return seen.t(
        "transmission.rt_said",
        r=_range(newest.r, seen),
        day=formatting.short_day(newest.day, language=seen.language),
    )


def growth_words(found: Growth, seen: Context) -> str:
    """Return in how many days cases double or halve; that it is open where chance would do."""
    days = found.doubling_days or found.halving_days
    if days is None or found.slowest is None or found.quickest is None:
        return seen.t("transmission.steady")
    way = "doubling" if found.rate > 0 else "halving"
    shown = (_days(one, seen) for one in (days, found.quickest, found.slowest))
    return seen.t(f"transmission.{way}", **dict(zip(("n", "low", "high"), shown, strict=True)))


def details(seen: Context, *, area: str | None, place: str, key: str) -> None:
    """Draw the estimates of a place: facts, Rt over time, table twin, download.

    Args:
        seen: who looks.
        area: code of the province; None for the nation.
        place: its name.
        key: of the charts on their page.
    """
    found = found_of(seen, area=area)
    if found is None:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    draw(element("dl", *_facts(found, seen), class_="td-definitions"))
    shown = found.rt[-SHOWN_DAYS:]
    if any(one.r is not None for one in shown):
        title = seen.t("transmission.chart", place=place)
        draw(element("h3", title, class_="td-part"))
        st.plotly_chart(rt_figure(shown, t=seen.t, language=seen.language), key=f"{key}_rt",
                        alt=title, config=PLOTLY, height=HEIGHT)  # fmt: skip
    draw(element("p", seen.t("transmission.about"), class_="td-when"))
    _twin(found, shown, seen, place=place, key=key)


def _facts(found: Transmission, seen: Context) -> list[Markup]:
    interval = found.period.interval
    used = seen.t(
        "transmission.interval",
        mean=_number(interval.mean, seen, 1),
        sd=_number(interval.sd, seen, 1),
        which=seen.t(f"serial_interval.{found.period.variant}"),
    )
    abroad = seen.t(f"transmission.{'apart' if found.imported_apart else 'together'}")
    grown = growth_words(found.growth, seen) if found.growth else seen.t("transmission.no_growth")
    until = formatting.day(found.complete_until, language=seen.language)
    return [
        _fact("transmission.rt", rt_words(found, seen), abroad, seen),
        _fact("transmission.sensitivity", _sensitivity(found, seen), used, seen),
        _fact("transmission.growth", grown, seen.t("transmission.until", day=until), seen),
        _fact("transmission.nowcast", *_expected_words(found, seen), seen),
    ]


def _fact(head: str, said: str, small: str, seen: Context) -> Markup:
    return element(
        "div",
        element("dt", seen.t(head)),
        element("dd", said, " ", element("small", small)),
    )


def _sensitivity(found: Transmission, seen: Context) -> str:
    parts = [
        seen.t("transmission.other", mean=_number(mean, seen, 1), r=_range(r, seen))
        for mean, r in found.sensitivity
    ]
    return "; ".join(parts) or "–"


def _expected_words(found: Transmission, seen: Context) -> tuple[str, str]:
    if not found.expected:
        reason = found.not_expected
        return seen.t(f"nowcast_hidden.{reason}" if reason else "transmission.all_complete"), ""
    last = found.expected[-1]
    (low, high), (lowest, highest) = last.bands
    return seen.t(
        "transmission.expected_said",
        day=formatting.short_day(last.day, language=seen.language),
        reported=_number(last.reported, seen),
        estimate=_number(last.estimate, seen),
        low=_number(low, seen),
        high=_number(high, seen),
    ), seen.t("transmission.wider", low=_number(lowest, seen), high=_number(highest, seen))


# --- table twin and download --------------------------------------------------------------------


def _twin(
    found: Transmission, shown: tuple[Rt, ...], seen: Context, *, place: str, key: str
) -> None:
    twin = st.expander(seen.t("chart.table"), key=f"{key}_rt_twin", on_change="rerun")
    if not twin.open:
        return
    with twin:
        heads = [seen.t(f"transmission.{name}") for name in ("day", "window_cases", "rt", "why")]
        rows = [_row(one, seen) for one in reversed(shown)]
        draw(table(heads, rows, caption=seen.t("transmission.chart", place=place), numeric=(1, 2)))
        download.offer(
            seen.t("map.download"),
            lambda: downloads.plain_csv(frame_of(found)),
            file_name=resources.file_name("rt-nowcast.csv", t=seen.t),
            key=f"{key}_rt_csv",
        )


def _row(one: Rt, seen: Context) -> tuple[str, str, str, str]:
    cases = "–" if one.cases is None else _number(one.cases, seen)
    value = _range(one.r, seen) if one.r else "–"
    why = seen.t(f"rt_hidden.{one.hidden}") if one.hidden else ""
    return formatting.day(one.day, language=seen.language), cases, value, why


def frame_of(found: Transmission) -> pl.DataFrame:
    """Return the estimates as a table, a row a day: Rt of the window to it, and the nowcast."""
    expected = {one.day: one for one in found.expected}
    windows = {one.day: one for one in found.rt}
    days = sorted({*expected, *windows})
    rows = [
        {"date": day, **_rt_cells(windows.get(day)), **_expected_cells(expected.get(day))}
        for day in days
    ]
    schema = {"date": pl.Date, **dict.fromkeys(_RT_CELLS, pl.Float64), "rt_not_shown": pl.String}
    return pl.DataFrame(rows, schema={**schema, **dict.fromkeys(_EXPECTED_CELLS, pl.Float64)})


_RT_CELLS = ("window_cases", "rt_mean", "rt_sd", "rt_q025", "rt_q50", "rt_q975")
_EXPECTED_CELLS = (
    "reported", "share_known", "expected", "expected_low80", "expected_high80",
    "expected_low95", "expected_high95",
)  # fmt: skip


def _rt_cells(one: Rt | None) -> dict[str, float | str | None]:
    r = one.r if one else None
    values = (r.mean, r.sd, r.q025, r.q50, r.q975) if r else (None,) * 5
    cells = dict(zip(_RT_CELLS, (one.cases if one else None, *values), strict=True))
    hidden = one.hidden if one else None
    return {**cells, "rt_not_shown": hidden.value if hidden else None}


def _expected_cells(one: Expected | None) -> dict[str, float | None]:
    if one is None:
        return dict.fromkeys(_EXPECTED_CELLS)
    ends = [end for band in one.bands for end in band]
    return dict(zip(_EXPECTED_CELLS, (one.reported, one.share, one.estimate, *ends), strict=True))


def _range(r: Posterior, seen: Context) -> str:
    mean, low, high = (_number(one, seen, 2) for one in (r.mean, r.q025, r.q975))
    return f"{mean} ({low}–{high})"


def _days(value: float, seen: Context) -> str:
    # Tenths of a day only where they say something; beyond some months only that it is long.
    if value > LONG_DAYS:
        return f">{_number(LONG_DAYS, seen)}"
    return _number(value, seen, 1 if value < SHORT_DAYS else 0)


def _number(value: float, seen: Context, decimals: int = 0) -> str:
    return formatting.number(value, language=seen.language, decimals=decimals)
