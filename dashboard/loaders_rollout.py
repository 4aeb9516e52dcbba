"""Cached rollout: see `dashboard.loaders` for the rules that hold here too."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from dashboard import filters, loaders, resources
from dashboard.catalogue import Entry
from dashboard.i18n import translator
from dashboard.loaders import remember
from dashboard.maps import payload
from dashboard.maps.marks import Dot, Marks, laid
from dashboard.rollout import Rollout, rollout
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.rollout import ledger, measured
from data_access.rollout.ledger import Book
from data_access.rollout.measured import Measured
from data_access.rollout.rules import rules
from data_access.viewer import Viewer

TTL = timedelta(hours=6)
ENTRIES = 64
WEEK = timedelta(days=6)
MINUTE = timedelta(minutes=1)
SMALLEST, LARGEST = 6.0, 18.0


def looking(viewer: Viewer) -> Viewer:
    """Return the viewer of the rollout: of this minute, whatever moment the figures stand at.

    What somebody just said must be there when the page is drawn again.
    """
    if filters.current().as_of:
        return viewer
    now = resources.shared().clock()
    full = now.replace(second=0, microsecond=0)
    return replace(viewer, now=full + MINUTE if now > full else full)


def said(viewer: Viewer) -> str:
    """Return what differs once anything more was said, for cache keys."""
    return str(ledger.count(resources.shared().engine, viewer=viewer))


def book() -> Book:
    """Return the write side."""
    shared = resources.shared()
    frame = shared.areas.frame.filter(pl.col("level") == Level.PROVINCE.value)
    codes = frozenset(frame["code"].to_list())
    return Book(engine=shared.engine, zone=shared.zone, provinces=codes)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def history(*, viewer: Viewer, token: str) -> pl.DataFrame:
    """Return every version in view, see `data_access.rollout.ledger.history`."""
    del token  # part of the key: a further word makes a new one
    return ledger.history(resources.shared().engine, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def figures(*, viewer: Viewer, day: date, vintage: str, token: str) -> Measured:
    """Return what the cube says of the rollout on a day, see `data_access.rollout.measured`."""
    del token
    shared, rule = resources.shared(), rules()

    def ask(wanted: Ask) -> pl.DataFrame:
        return shared.figures(wanted, viewer=viewer)

    ground = measured.ground_of(shared.cube, viewer=viewer, day=day, vintage=vintage)
    activity = shared.place_activity(viewer=viewer, start=day - WEEK, end=day)
    events = ask(Ask(ids=("doses", "persons_tested"), level=Level.PROVINCE, start=day - WEEK,
                     end=day, vintage=vintage)).drop_nulls("value")  # fmt: skip
    repeated = shared.duplicates(viewer=viewer, start=day - WEEK, end=day)
    return Measured(
        captured=measured.capture(ask, ground, days=rule.capture_days),
        share_of=measured.shares(ask, ground),
        ages=measured.sync_ages(ask, ground, now=viewer.now),
        places=measured.use_of_places(activity, day=day, repeat_days=rule.repeat_days),
        wards=measured.silent_wards(activity, day=day),
        duplicates=measured.duplicates_of(repeated, events),
    )


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def board(  # noqa: PLR0913 -- everything that it depends on is in its key
    *,
    viewer: Viewer,
    figures_viewer: Viewer,
    day: date | None,
    vintage: str,
    codes: tuple[str, ...],
    token: str,
    figures_token: str,
) -> Rollout:
    """Return the rollout at the viewer's moment, see `dashboard.rollout.rollout`.

    Args:
        viewer: of `looking`.
        figures_viewer: of the figures, which move less often.
        day: the day of the figures; None: the viewer's.
        vintage: edition of the map.
        codes: the provinces in view.
        token: of what was said.
        figures_token: of the figures.
    """
    today = viewer.now.astimezone(resources.shared().zone).date()
    measured_then = figures(
        viewer=figures_viewer, day=day or today, vintage=vintage, token=figures_token
    )
    found = history(viewer=viewer, token=token)
    return rollout(
        found, measured_then, codes=codes, now=viewer.now, today=today, rules=rules()
    )  # fmt: skip


# --- the map: made from what is cached ------------------------------------------------------------


def map_message(  # noqa: PLR0913 -- the parts of one map
    scores: dict[str, float],
    there: pl.DataFrame,
    *,
    viewer: Viewer,
    vintage: str,
    day: date,
    language: str,
    selected: str | None,
) -> bytes:
    """Return the packed message of a map: provinces by readiness, people on site on top."""
    t, spot = translator(language), (Level.PROVINCE.value, vintage, None)
    areas = loaders.areas_of(spot, viewer=viewer, language=language)
    values = pl.DataFrame(
        [(code, day, scores.get(code), "" if code in scores else "not_reported")
         for code in areas["code"]],
        schema={"area_code": pl.String, "date": pl.Date, "value": pl.Float64,
                "status": pl.String},
        orient="row",
    )  # fmt: skip
    content = payload.message(
        payload.Slides(areas=areas, figures=values, start=day, end=day),
        loaders.canvas_of(spot, language=language),
        entry=_entry(t("rollout.readiness")), t=t, language=language, day=day,
        selected=selected, compact=True, marks=_marks(there, vintage=vintage, language=language),
    )  # fmt: skip
    return payload.pack_message(content)


def _marks(there: pl.DataFrame, *, vintage: str, language: str) -> Marks | None:
    t, centres = translator(language), loaders.centres(Level.PROVINCE, vintage)
    dots = [
        Dot(at=at, size=float(row["people"]), kind="some", area=row["province"],
            name=row["organisation"], text=t("rollout.people", n=row["people"]))
        for row in there.sort("people", descending=True).iter_rows(named=True)
        if (at := centres.get(row["province"])) is not None
    ]  # fmt: skip
    if not dots:
        return None
    return Marks(
        marks=laid(dots, smallest=SMALLEST, largest=LARGEST), title=t("rollout.on_site"),
        legend=(("some", t("rollout.on_site_legend")),),
    )  # fmt: skip


def _entry(title: str) -> Entry:
    return Entry(
        key="readiness", vi=title, en=title, about_vi="", about_en="", unit="ratio", decimals=0,
        higher_is_bad=False, adds=False, platform="",
    )  # fmt: skip
