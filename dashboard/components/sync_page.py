"""The sync desk's sections: the sentence, the cards, the reporting matrix and one cell of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from dashboard import downloads, filters, formatting, loaders, reporting_grid, resources
from dashboard.components import download
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.maps.payload import pack_message
from dashboard.script import loading
from dashboard.view import SPANS
from data_access.codes import PLATFORMS, Level
from data_access.sync.reporting import by_platform
from data_access.sync.rules import LATE, NEVER, ON_TIME, PARTIAL, SILENT

PAGE = "data_sync"
MATRIX = "sync_matrix"
DRILL_DAYS = 7
NAMED = 3
_MATRIX = st.components.v2.component("tuyendau_sync", js=loading("sync.js"), isolate_styles=False)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The days on the desk, and how they were reported.

    Attributes:
        start: first day.
        end: last day: the one chosen, else today.
        found: every feed, as `data_access.sync.reporting.reporting` gives it.
    """

    start: date
    end: date
    found: pl.DataFrame

    def read(self, loader: Callable[..., pl.DataFrame], seen: Context) -> pl.DataFrame:
        """Return what a loader has of these days."""
        return loader(viewer=seen.viewer, start=self.start, end=self.end, token=seen.token)


def window(seen: Context) -> Window:
    """Return the days on the desk. Today belongs to it: what is missing is missing today."""
    view = filters.current()
    end = view.day or seen.moment.astimezone(ZoneInfo(seen.zone)).date()
    start = end - timedelta(days=min(view.span, SPANS[1]) - 1)
    found = loaders.reporting(viewer=seen.viewer, start=start, end=end, token=seen.token)
    return Window(start=start, end=end, found=found)


def address() -> tuple[str, ...]:
    """Return the parameters of the address; the day only where one was chosen."""
    chosen = ("date",) if filters.current().day else ()
    return (*chosen, "platform", "area", "rule", "span", "cell")


@section("sync_sentence")
def sentence_section() -> None:
    """Draw the sentence on top."""
    seen = look(PAGE)
    draw(element("p", sentence(window(seen), seen), class_="td-lede"))


def sentence(shown: Window, seen: Context) -> str:
    """Return what the newest due day comes to, and where it is worst, in words."""
    t, best = seen.t, by_platform(shown.found)
    day = reporting_grid.tally(best)
    if day is None:
        return t("data_sync.nothing_due")
    counts, said = day.counts, []
    on = formatting.day(day.day, language=seen.language)
    if day.expected:
        of_state = {state: counts[state] for state in (ON_TIME, LATE, PARTIAL, SILENT)}
        said.append(t("data_sync.sentence", day=on, n=day.expected, **of_state))
    silent = best.filter(pl.col("date") == day.day, pl.col("state") == SILENT)
    if silent.height:
        said.append(t("data_sync.sentence_silent", names=_named(silent, seen)))
    if counts[NEVER]:
        platforms = best.filter(pl.col("date") == day.day, pl.col("state") == NEVER)["platform"]
        names = ", ".join(t(f"platform.{one}") for one in PLATFORMS if one in set(platforms))
        said.append(t("data_sync.sentence_never", n=counts[NEVER], names=names))
    return " ".join(said)


def _named(silent: pl.DataFrame, seen: Context) -> str:
    pairs = silent.select("area_code", "platform").rows()[:NAMED]
    names = [
        f"{loaders.area_name(area, language=seen.language)} ({seen.t(f'platform.{platform}')})"
        for area, platform in pairs
    ]
    more = silent.height - len(names)
    return ", ".join(names) + (f" +{more}" if more > 0 else "")


@section("sync_cards")
def cards_section() -> None:
    """Draw the headline cards."""
    seen = look(PAGE)
    shown = window(seen)
    t = seen.t
    day = reporting_grid.tally(by_platform(shown.found))
    batches = shown.read(loaders.sync_deliveries, seen)
    findings = shown.read(loaders.contradictions, seen)
    debt = shown.read(loaders.data_debt, seen)
    on = formatting.day(day.day, language=seen.language) if day else ""
    of_day = t("card.on_day", day=on) if day else t("data_sync.nothing_due")
    count = day.counts.get if day else (lambda _state, _none=0: 0)
    since = t("data_sync.since", start=formatting.short_day(shown.start, language=seen.language))
    serious = findings.filter(pl.col("severity") == "serious").height
    cards = [
        (t("reporting.on_time"), count(ON_TIME, 0), of_day, ""),
        (t("reporting.late"), count(LATE, 0), of_day, "bad" if count(LATE, 0) else ""),
        (t("data_sync.silent_partial"), count(SILENT, 0) + count(PARTIAL, 0), of_day,
         "bad" if count(SILENT, 0) else ""),
        (t("data_sync.rows_rejected"), int(batches["n_rejected"].sum()), since, ""),
        (t("data_sync.contradictions_short"), findings.height,
         t("data_sync.serious", n=serious), "bad" if serious else ""),
        (t("data_sync.debt"), round(float(debt["points"].sum())),
         t("data_sync.points_of", n=debt["area_code"].n_unique()), ""),
    ]  # fmt: skip
    draw(element("div", *(_card(*one, seen) for one in cards), class_="td-cards"))


def _card(title: str, value: int, about: str, tone: str, seen: Context) -> Markup:
    number = formatting.number(value, language=seen.language)
    return element(
        "article",
        element("h3", title),
        element("p", element("strong", number), class_="td-value"),
        element("p", about, class_="td-when"),
        class_=f"td-card td-{tone}" if tone else "td-card",
    )


def controls() -> None:
    """Offer platform and length; a province sees its six platforms at once."""
    seen = look(PAGE)
    with st.container(horizontal=True, key="td_filters"):
        if not seen.home:
            filters.choice(
                "platform",
                label=seen.t("data_sync.platform"),
                options=_platforms(seen),
                format_option=lambda one: seen.t(f"platform.{one}"),
            )
        filters.choice(
            "span",
            label=seen.t("data_sync.length"),
            options=(SPANS[0], SPANS[1]),
            format_option=lambda n: seen.t("map.span_days", n=n),
        )


def _platforms(seen: Context) -> tuple[str, ...]:
    """Return the platforms, those with most feeds first: an empty one is no good beginning."""
    feeds = window(seen).found.filter(pl.col("source") != "")["platform"].value_counts()
    held = dict(feeds.iter_rows())
    return tuple(sorted(PLATFORMS, key=lambda one: (-held.get(one, 0), PLATFORMS.index(one))))


@section("sync_matrix")
def matrix_section() -> None:
    """Draw the matrix, its table twin, and the cell that was picked."""
    seen = look(PAGE)
    _remember()
    shown = window(seen)
    by, rows, best = _lines(shown, seen)
    draw(element("h2", _title(seen), class_="td-section"))
    if best.is_empty():
        draw(element("p", seen.t("data_sync.no_reports"), class_="td-absent"))
    content = reporting_grid.message(
        best, rows, by=by, days=(shown.start, shown.end), picked=filters.current().cell,
        t=seen.t, language=seen.language,
    )  # fmt: skip
    _MATRIX(key=MATRIX, data=pack_message(content), on_picked_change=_nothing)
    _twin(best, shown, seen)
    _cell(shown, seen)
    filters.publish(*address())


def _nothing() -> None:
    """Say by being there that the matrix may set this value; the section reads it when it runs."""


def _remember() -> None:
    """Take over what was picked on the matrix; only news counts."""
    said = (st.session_state.get(MATRIX) or {}).get("picked")
    if said and said != st.session_state.get(f"{MATRIX}_heard"):
        st.session_state[f"{MATRIX}_heard"] = said
        filters.change(cell=str(said))


def _title(seen: Context) -> str:
    if seen.home:
        place = loaders.area_name(seen.home, language=seen.language)
        return seen.t("data_sync.matrix_of", name=place)
    platform = filters.current().platform or PLATFORMS[0]
    return seen.t("data_sync.matrix_of", name=seen.t(f"platform.{platform}"))


def _lines(shown: Window, seen: Context) -> tuple[str, list[tuple[str, str]], pl.DataFrame]:
    """Return what lines are told apart by, the lines in order, and their cells."""
    best = by_platform(shown.found)
    if seen.home:
        rows = [(one, seen.t(f"platform.{one}")) for one in PLATFORMS]
        return "platform", rows, best.filter(pl.col("area_code") == seen.home)
    platform = filters.current().platform or PLATFORMS[0]
    best = best.filter(pl.col("platform") == platform)
    vintage = loaders.vintage_for(shown.end, None)
    ground = (Level.PROVINCE.value, vintage, None)
    areas = loaders.areas_of(ground, viewer=seen.viewer, language=seen.language)
    names = dict(areas.select("code", "name").iter_rows())
    codes = reporting_grid.in_order(best, list(names))
    return "area_code", [(code, names[code]) for code in codes], best


def _twin(best: pl.DataFrame, shown: Window, seen: Context) -> None:
    with st.container(horizontal=True, key="td_downloads"):
        download.offer(
            seen.t("map.download"),
            partial(downloads.plain_csv, shown.found),
            file_name=resources.file_name(f"reporting-{shown.start}-{shown.end}.csv", t=seen.t),
            key="reporting_csv",
        )
    twin = st.expander(seen.t("data_sync.table"), key="sync_twin", on_change="rerun")
    if twin.open:
        with twin:
            draw(_twin_table(best, shown, seen))


def _twin_table(best: pl.DataFrame, shown: Window, seen: Context) -> Markup:
    """Return days counted by state and line; the download has every cell."""
    by = "platform" if seen.home else "area_code"
    counts = {(key, state): n for key, state, n in best.group_by(by, "state").len().iter_rows()}
    _, rows, _ = _lines(shown, seen)
    states = tuple(reporting_grid.LETTERS)
    body = [(name, *(str(counts.get((key, one), 0)) for one in states)) for key, name in rows]
    heads = (
        seen.t("data_sync.platform" if seen.home else "data_sync.province"),
        *(seen.t(f"reporting.{one}") for one in states),
    )
    return table(heads, body, caption=seen.t("data_sync.table"), numeric=range(1, 8))


def picked_cell(seen: Context) -> tuple[str, str, date] | None:
    """Return platform, province and day of the cell that was picked; None where there is none."""
    view = filters.current()
    key, _, text = (view.cell or "").partition(".")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if seen.home:
        return (key, seen.home, day) if key in PLATFORMS else None
    vintage = loaders.vintage_for(day, None)
    return (view.platform or PLATFORMS[0], key, day) if loaders.is_area(key, vintage) else None


def _cell(shown: Window, seen: Context) -> None:
    picked = picked_cell(seen)
    if picked is None:
        draw(element("p", seen.t("data_sync.pick"), class_="td-absent"))
        return
    platform, area, day = picked
    t, language = seen.t, seen.language
    title = t("data_sync.cell", platform=t(f"platform.{platform}"),
              area=loaders.area_name(area, language=language),
              day=formatting.day(day, language=language))  # fmt: skip
    draw(element("h2", title, class_="td-section"))
    feeds = shown.found.filter(
        pl.col("platform") == platform, pl.col("area_code") == area, pl.col("date") == day
    )
    if feeds.is_empty():
        draw(element("p", t("data_sync.no_feed"), class_="td-absent"))
        return
    draw(table(_feed_heads(seen), [_feed(row, seen) for row in feeds.iter_rows(named=True)],
               caption=title, numeric=(5, 6)))  # fmt: skip
    _ledger(platform, feeds["source"].to_list(), day, seen)


def _feed_heads(seen: Context) -> tuple[str, ...]:
    names = ("source", "state", "due", "first_known", "received", "late", "usual")
    return tuple(seen.t(f"data_sync.{name}") for name in names)


def _feed(row: Mapping[str, object], seen: Context) -> tuple[str, ...]:
    language = seen.language
    late, usual, p90 = row["hours_late"], row["usual_hours"], row["p90_hours"]
    hours = "–"
    if isinstance(usual, float) and isinstance(p90, float):
        hours = (
            f"{formatting.number(usual, language=language)} / "
            f"{formatting.number(p90, language=language)}"
        )
    return (
        str(row["source"]) or "–",
        seen.t(f"reporting.{row['state']}"),
        moment(row["due_at"], seen),
        moment(row["first_known_at"], seen),
        moment(row["first_received_at"], seen),
        formatting.number(late, language=language) if isinstance(late, float) else "–",
        hours,
    )


def moment(value: object, seen: Context) -> str:
    """Return an instant in words, a dash for none."""
    if not isinstance(value, datetime):
        return "–"
    return formatting.moment(value, language=seen.language, zone=seen.zone)


def _ledger(platform: str, sources: list[str], day: date, seen: Context) -> None:
    found = loaders.sync_deliveries(
        viewer=seen.viewer, start=day, end=day + timedelta(days=DRILL_DAYS), token=seen.token
    ).filter(pl.col("platform") == platform, pl.col("source").is_in(sources))
    t = seen.t
    title = t("data_sync.ledger", n=DRILL_DAYS)
    draw(element("h3", title, class_="td-section"))
    if found.is_empty():
        draw(element("p", t("data_sync.no_deliveries"), class_="td-absent"))
        return
    names = ("file", "first_known", "read", "new", "updated", "unchanged", "stale", "rejected")
    rows = [
        (row["file_name"], moment(row["known_at"], seen),
         *(formatting.number(row[f"n_{name}"], language=seen.language) for name in names[2:]))
        for row in found.iter_rows(named=True)
    ]  # fmt: skip
    heads = tuple(t(f"data_sync.{name}") for name in names)
    draw(table(heads, rows, caption=title, numeric=range(2, 8)))
