"""The table twin of a map: areas by value, those without a figure last with their word."""

from datetime import date, timedelta
from functools import partial

import polars as pl
import streamlit as st

from dashboard import downloads, filters, formatting, loaders, resources
from dashboard.catalogue import Entry
from dashboard.components import download, map_view
from dashboard.components.markup import draw, element
from dashboard.components.series import status_text, value_text
from dashboard.components.tables import table
from dashboard.context import Context
from dashboard.ranking import ranked

WEEK = timedelta(days=7)


def show(
    entry: Entry, ground: map_view.Ground, seen: Context, *, day: date, denominator: str = "",
    chosen: str | None = None,
) -> None:  # fmt: skip
    """Draw the areas of a day by value, with downloads; the page's area is marked, or another."""
    ask = map_view.ask_of(entry, ground, start=day - WEEK, end=day, denominator=denominator)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)
    shown_day = formatting.day(day, language=seen.language)
    title = f"{entry.title(seen.language)}: {seen.t('map.table', day=shown_day)}"
    draw(element("h2", title, class_="td-section"))
    rows = ranked(found, day=day, horizon=entry.horizon)
    codes = [row.code for row in rows]
    area = chosen or filters.current().area
    names = loaders.names(ground.vintage, language=seen.language)
    cells = [
        (
            str(row.rank) if row.rank else "",
            names.get(row.code, row.code),
            value_text(row.value, entry, seen, status=row.status),
            entry.change(row.change, language=seen.language) if row.change is not None else "",
            status_text(row.status, seen),
        )
        for row in rows
    ]
    change = "week_points" if entry.is_ratio else "week_change"
    heads = [seen.t(f"map.{name}") for name in ("rank", "area", "value", change, "status")]
    # Where every area has its figure, a column of reasons would be an empty one.
    shown = len(heads) if any(row.status for row in rows) else len(heads) - 1
    draw(
        table(heads[:shown], [row[:shown] for row in cells], caption=title, numeric=(0, 2, 3),
              chosen=codes.index(area) if area in codes else None)
    )  # fmt: skip
    _download(found, entry, seen, day=day)


def _download(found: pl.DataFrame, entry: Entry, seen: Context, *, day: date) -> None:
    with st.container(horizontal=True, key="td_downloads"):
        download.offer(
            seen.t("map.download"),
            partial(downloads.csv_of, found.filter(pl.col("date") == day)),
            file_name=resources.file_name(f"{entry.key}-{day.isoformat()}.csv", t=seen.t),
            help=seen.t("map.download_help", day=formatting.day(day, language=seen.language)),
            key="csv",
        )
        download.offer(
            seen.t("map.dictionary"),
            partial(downloads.dictionary_of, found, entry, language=seen.language),
            file_name=resources.file_name(f"{entry.key}-dictionary.csv", t=seen.t),
            icon=":material/menu_book:",
            key="dictionary",
        )
