"""Cached levels: see `dashboard.loaders` for the rules that hold here too."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import polars as pl

from dashboard import formatting, loaders, resources
from dashboard.catalogue import Entry
from dashboard.i18n import translator
from dashboard.levels import level_name
from dashboard.loaders import remember
from dashboard.maps import payload
from data_access.codes import Level
from data_access.levels import hand
from data_access.levels.book import WEEKS, Book, Standing
from data_access.levels.hand import HandBook
from data_access.levels.known import Ground
from data_access.levels.local_files import load_local_rules
from data_access.levels.reading import open_book
from data_access.rules.model import HIGHEST, LOWEST
from data_access.rules.pace import Pace
from data_access.rules.under_control import Verdict
from data_access.viewer import Viewer

TTL = timedelta(hours=6)
ENTRIES = 128
Spot = tuple[str, str, str | None]
"""Level, vintage and what they lie in: the ground of a map."""


def hearing(viewer: Viewer, *, is_live: bool) -> Viewer:
    """Return the viewer of what was said by hand: up to now, or up to the moment on screen.

    What somebody just said must be there when the page is drawn again.
    """
    shared = resources.shared()
    if not is_live:
        return shared.at_cut_off(viewer)
    return replace(viewer, now=max(viewer.now, shared.clock()))


def token(figures: str, *, viewer: Viewer, is_live: bool) -> str:
    """Return what differs once figures moved or anything more was said."""
    n = hand.count(resources.shared().engine, viewer=hearing(viewer, is_live=is_live))
    return f"{figures}:{n}"


def hand_book() -> HandBook:
    """Return the write side of what is said by hand."""
    shared = resources.shared()
    return HandBook(engine=shared.engine, areas=shared.areas)


def versions(area: str, *, viewer: Viewer) -> dict[str, int]:
    """Return how many times each input of an area was said, as it stands now."""
    heard = hand.history(resources.shared().engine, viewer=hearing(viewer, is_live=True))
    own = heard.filter(pl.col("area") == area).group_by("key").agg(pl.col("version").max())
    return dict(own.iter_rows())


def book(spot: Spot, *, viewer: Viewer, is_live: bool) -> Book:
    """Return the levels of a ground as the viewer may see them."""
    shared, pack = resources.shared(), resources.pack()
    level, vintage, inside = spot
    told = hand.said(shared.engine, viewer=hearing(viewer, is_live=is_live))
    return open_book(
        partial(shared.figures, viewer=viewer),
        Ground(level=Level(level), vintage=vintage, inside=inside),
        areas=shared.areas,
        viewer=viewer,
        local=load_local_rules(pack.folder, areas=pack.areas["code"]).with_said(told),
    )


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def standings(
    *, viewer: Viewer, spot: Spot, day: date, rule: str | None, is_live: bool, token: str
) -> dict[str, list[Standing]]:
    """Return the standing of every area, week by week, the day asked for last."""
    del token  # part of the key: a commit makes a new one
    return book(spot, viewer=viewer, is_live=is_live).history(day, weeks=WEEKS, rule=rule)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def pace(  # noqa: PLR0913 -- everything that it depends on is in its key
    *,
    viewer: Viewer,
    spot: Spot,
    area: str,
    day: date,
    rule: str | None,
    is_live: bool,
    token: str,
) -> Pace | None:
    """Return how soon an area's incidence crosses an edge."""
    del token
    return book(spot, viewer=viewer, is_live=is_live).pace(area, day, rule=rule)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def control(
    *, viewer: Viewer, spot: Spot, area: str, day: date, is_live: bool, token: str
) -> Verdict:
    """Return how an area stands against the test of Decision 3979."""
    del token
    return book(spot, viewer=viewer, is_live=is_live).control(area, day)


# --- the map: made from standings, which are cached -----------------------------------------------


def map_message(
    found: Mapping[str, list[Standing]],
    spot: Spot,
    *,
    viewer: Viewer,
    day: date,
    language: str,
    selected: str | None,
) -> bytes:
    """Return the packed message of a map of levels."""
    t = translator(language)
    areas = loaders.areas_of(spot, viewer=viewer, language=language)
    level_of = {area: rows[-1].assessment.level for area, rows in found.items()}
    figures = pl.DataFrame(
        [(code, day, level_of.get(code), "" if level_of.get(code) else "not_reported")
         for code in areas["code"]],
        schema={"area_code": pl.String, "date": pl.Date, "value": pl.Float64,
                "status": pl.String},
        orient="row",
    )  # fmt: skip
    content = payload.message(
        payload.Slides(areas=areas, figures=figures, start=day, end=day),
        loaders.canvas_of(spot, language=language),
        entry=_entry(t("levels.title")),
        t=t,
        language=language,
        day=day,
        selected=selected,
        compact=True,
    )
    scheme = next((rows[-1].assessment.ruleset.scheme for rows in found.values()), "")
    names = {n: level_name(n, scheme, t=t) for n in range(LOWEST, HIGHEST + 1)}
    unknown = t("levels.undetermined")
    text = content["text"]
    states = {status: unknown for status in payload.STATE_LETTERS if status}
    centres = loaders.centres(Level(spot[0]), spot[1])
    content |= {
        "ramp": "levels",
        "breaks": [1, 2, 3],
        "names": names,
        "labels": [_label(found.get(code), centres.get(code)) for code in areas["code"]],
        "legendTitle": t("levels.legend", day=formatting.day(day, language=language)),
        "legend": [
            *({"kind": f"c{n - 1}", "label": name} for n, name in names.items()),
            {"kind": "not_reported", "label": unknown},
        ],
        "text": {**text, "states": states} if isinstance(text, dict) else text,
    }
    return payload.pack_message(content)


def _label(
    rows: Sequence[Standing] | None, at: tuple[float, float] | None
) -> tuple[float, float, str] | None:
    """Return where a level is written and what: `3`; `3?` where nothing else remains possible."""
    if not rows or at is None:
        return None
    made = rows[-1].assessment
    low, high = made.possible
    text = str(made.level) if made.level else f"{low}?" if low == high else ""
    return (*at, text) if text else None


def _entry(title: str) -> Entry:
    return Entry(
        key="level", vi=title, en=title, about_vi="", about_en="", unit="count", decimals=0,
        higher_is_bad=True, adds=False, platform="",
    )  # fmt: skip


def parent(code: str, vintage: str) -> str | None:
    """Return the code of the area that one lies in; None for the nation or a code not known."""
    frame = resources.shared().areas.frame
    found = frame.filter(pl.col("code") == code, pl.col("vintage") == vintage)
    return found["parent_code"][0] if found.height else None
