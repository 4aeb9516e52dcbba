"""Questions and answers: one `Ask`, one frame with every date, area and code asked for.

`answer` is what leaves the house (the columns of the command line); `figures` is the same with
what each figure was made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import Level, Status
from data_access.cube.catalogue import Catalogue, near
from data_access.cube.evaluate import (
    Frame,
    indicator_figures,
    measure_figures,
    needs_population,
)
from data_access.cube.geography import NATIONAL, PROVINCE, RANKS, Geography
from data_access.cube.reference_population import reference_days, reference_figures
from data_access.cube.resolve import Want
from data_access.cube.source import Cube
from data_access.cube.view import CubeView
from data_access.errors import BadUse, ScopeDenied, UnknownId
from data_access.indicators.forms import indicator_of
from data_access.indicators.model import POPULATION, Indicator, Term, Unit
from data_access.indicators.registry import INDICATORS
from data_access.measures.model import Measure
from data_access.viewer import Viewer

ANSWER_COLUMNS = ("date", "area_code", "area", "id", "value", "status")
_NOTHING_PUBLISHED = "nothing has been published yet"
_HEAD = {"date": pl.Date, "area_code": pl.String, "area": pl.String, "id": pl.String}
_LABELS = {int(status): status.label for status in Status}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question. Hashable, so that it can be a cache key.

    Attributes:
        ids: measures and indicators.
        level: level of the areas; None: that of `areas`, else the nation, or the viewer's province.
        areas: codes or names; with a finer level, the areas of that level inside them.
        start: first day; None: the first with figures.
        end: last day; None: the last with figures.
        by: dimension to keep apart; empty: none.
        source: only sources of this name; empty: any.
        vintage: edition of the map; None: the country's default where it is in force on the last
            day asked for, else the one that is.
        reported: only what was reported at exactly this level, nothing summed.
        denominator: id of the population to divide by; empty: the default of the indicator's group.
    """

    ids: tuple[str, ...]
    level: Level | None = None
    areas: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    by: str = ""
    source: str = ""
    vintage: str | None = None
    reported: bool = False
    denominator: str = ""


@dataclass(frozen=True, kw_only=True)
class _Plan:
    view: CubeView
    items: tuple[Measure | Indicator, ...]
    frame: Frame


def answer(cube: Cube, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
    """Return the answer to a question.

    Shape: date, area_code, area, id, [by], value (Float64, null where there is none), status
        (empty for a value); one row per date, area of the level, id and code seen, sorted by
        these columns.

    Raises:
        UnknownId: if an id does not exist for this viewer; names near misses.
        BadUse: if an area, source, dimension or vintage does not exist, or dates are swapped.
        ScopeDenied: if the viewer may not see an area asked for.
        DatabaseUnavailable: if the database must be read and does not answer.
    """
    full = figures(cube, ask, viewer=viewer)
    dimension = [ask.by] if ask.by else []
    return full.select("date", "area_code", "area", "id", *dimension, "value", "status")


def figures(cube: Cube, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
    """Return the answer with what its figures were made of.

    Shape: as `answer`, then area_id, numerator, denominator, denominator_id, n_missing,
        n_expected, part_level (level of the areas that these two count; empty where none are
        counted), source (names joined by " + "), known_at (UTC).

    Raises:
        As `answer`.
    """
    if viewer.published_only:
        raise ScopeDenied(_NOTHING_PUBLISHED)
    plan = _planned(cube, ask, viewer=viewer)
    if plan is None:
        return _no_figures(ask)
    tables = [_one(plan, item, ask) for item in plan.items]
    dimension = [ask.by] if ask.by else []
    return pl.concat(tables).sort("date", "area_code", "area", "id", *dimension)


# --- planning -----------------------------------------------------------------------------------


def _planned(cube: Cube, ask: Ask, *, viewer: Viewer) -> _Plan | None:
    catalogue = cube.state(viewer=viewer).catalogue
    items = tuple(find(catalogue, key, viewer=viewer) for key in dict.fromkeys(ask.ids))
    if ask.start and ask.end and ask.start > ask.end:
        raise BadUse(f"the first date {ask.start} lies after the last date {ask.end}")
    needs = {key: None for item in items for key in measures_of(catalogue, item)}
    view = cube.view(needs, viewer=viewer)
    sources = _sources(view.catalogue, ask.source)
    if ask.by:
        _check_dimension(view, items, ask.by)
    days = _days(view, ask, list(needs), sources=sources)
    geography = cube.geography
    if days is None and sources is None and any(_is_reference(one, view) for one in items):
        days = reference_days(geography, ask.vintage)
    vintage = _vintage(geography, ask, days, viewer=viewer)
    rank, area_ids = _places(geography, ask, vintage, viewer=viewer)
    if days is None or viewer.is_blind or not area_ids:
        return None
    want = Want(rank=rank, vintage=vintage, by=ask.by, sources=sources, reported=ask.reported)
    return _Plan(view=view, items=items, frame=Frame(days=days, area_ids=area_ids, want=want))


def placed(cube: Cube, ask: Ask, *, viewer: Viewer) -> tuple[int, tuple[int, ...], str]:
    """Return level, areas and vintage of a question with both its dates, as it is answered.

    Raises:
        BadUse: if an area or vintage does not exist.
        ScopeDenied: if the viewer may not see an area asked for.
    """
    days = (ask.start, ask.end) if ask.start and ask.end else None
    vintage = _vintage(cube.geography, ask, days, viewer=viewer)
    return *_places(cube.geography, ask, vintage, viewer=viewer), vintage


def find(catalogue: Catalogue, key: str, *, viewer: Viewer) -> Measure | Indicator:
    """Return the measure of an id, or else the indicator.

    Raises:
        UnknownId: if the viewer may know of neither; names near misses.
    """
    measure, indicator = catalogue.measures.get(key), indicator_of(key)
    found = measure or indicator
    if found is not None and found.clearance <= viewer.clearance:
        return found
    known: list[Measure | Indicator] = [*catalogue.measures.values(), *INDICATORS.values()]
    visible = sorted({one.key for one in known if one.clearance <= viewer.clearance})
    raise UnknownId(f"no measure or indicator has the id {key!r}{near(key, visible)}")


def measures_of(catalogue: Catalogue, item: Measure | Indicator) -> tuple[str, ...]:
    """Return every measure that an item may have to read, flows behind stocks included."""
    keys = [item.key] if isinstance(item, Measure) else _read_by(catalogue, item)
    found: dict[str, None] = {}
    for key in keys:
        one = catalogue.measures[key]
        found.update(dict.fromkeys(name for name in (key, one.inflow, one.outflow) if name))
    return tuple(found)


def _read_by(catalogue: Catalogue, indicator: Indicator) -> list[str]:
    keys = []
    for first in indicator.terms:
        term: Term | None = first
        while term is not None:
            total = catalogue.measures[term.measure].cumulative if term.cumulative else ""
            keys += [total] if total else [term.measure]
            term = term.otherwise
    return keys


def _sources(catalogue: Catalogue, name: str) -> tuple[int, ...] | None:
    if not name:
        return None
    ids = catalogue.sources.filter(pl.col("source") == name)["source_id"].to_list()
    if not ids:
        known = sorted(set(catalogue.sources["source"].to_list()))
        raise BadUse(f"no source has the name {name!r}{near(name, known)}")
    return tuple(ids)


def _check_dimension(view: CubeView, items: Sequence[Measure | Indicator], by: str) -> None:
    for item in items:
        keys = measures_of(view.catalogue, item)
        known: set[str] = set()
        for key in keys:
            known |= set(view.catalogue.measures[key].dimensions)
            for cut in view.presence(key)["cut"].unique().to_list():
                known |= set(cut.split(",")) - {""}
        if by not in known:
            offered = f"it has {', '.join(sorted(known))}" if known else "it has none"
            raise BadUse(f"{item.key} has no dimension {by!r}; {offered}")


def _days(
    view: CubeView, ask: Ask, keys: Sequence[str], *, sources: Sequence[int] | None
) -> tuple[date, date] | None:
    if ask.start and ask.end:
        return ask.start, ask.end
    spans = [span for key in keys if (span := view.span(key, sources=sources))]
    if not spans:
        return None
    first = ask.start or min(start for start, _ in spans)
    last = ask.end or max(end for _, end in spans)
    return (first, last) if first <= last else None


def _vintage(
    geography: Geography, ask: Ask, days: tuple[date, date] | None, *, viewer: Viewer
) -> str:
    areas = geography.areas
    if ask.vintage:
        return areas.resolve_vintage(ask.vintage)
    zone = ZoneInfo(areas.country.time_zone)
    last = days[1] if days else ask.end or viewer.now.astimezone(zone).date()
    default = next(v for v in areas.country.vintages if v.id == areas.default_vintage)
    found = default.id if default.holds_on(last) else areas.vintage_on(last)
    # The map in force may lack the level (districts ended in 2025) or an area that was merged.
    others = [v.id for v in reversed(areas.country.vintages) if v.id != found]
    fitting = (name for name in (found, *others) if _has(geography, ask, name))
    return next(fitting, found)


def _has(geography: Geography, ask: Ask, vintage: str) -> bool:
    rank = RANKS[ask.level] if ask.level else NATIONAL
    try:
        for text in ask.areas:
            _area(geography, text, vintage)
    except BadUse:
        return False
    return bool(geography.targets(rank, vintage))


def _places(
    geography: Geography, ask: Ask, vintage: str, *, viewer: Viewer
) -> tuple[int, tuple[int, ...]]:
    asked = [_area(geography, text, vintage) for text in ask.areas]
    rank = _rank(geography, ask, asked, viewer=viewer)
    wanted: list[int | None] = [*asked] or ([None] if rank == NATIONAL else [])
    for area_id in wanted:
        _require(geography, area_id, viewer=viewer)
    seen = set(geography.visible_ids(viewer))
    found = [a for a in geography.targets(rank, vintage) if a in seen]
    if asked:
        chosen = set(asked)
        found = [a for a in found if chosen & set(_up(geography, a))]
    return rank, tuple(found)


def _up(geography: Geography, area_id: int) -> list[int]:
    rank = geography.places[area_id].rank
    above = [geography.ancestor(area_id, r) for r in range(rank + 1)]
    return [a for a in above if a is not None]


def _rank(geography: Geography, ask: Ask, asked: Sequence[int], *, viewer: Viewer) -> int:
    ranks = {geography.places[a].rank for a in asked}
    if ask.level is None:
        if len(ranks) > 1:
            raise BadUse("the areas are of several levels: say --level")
        return ranks.pop() if ranks else (NATIONAL if viewer.everywhere else PROVINCE)
    rank = RANKS[ask.level]
    if any(one > rank for one in ranks):
        raise BadUse(f"an area asked for lies below the level {ask.level.value}")
    return rank


def _require(geography: Geography, area_id: int | None, *, viewer: Viewer) -> None:
    if viewer.is_blind:
        return
    place = geography.places[area_id] if area_id is not None else None
    if place is None or place.rank == NATIONAL:
        viewer.require(None)
    elif not viewer.may_see(place.province):
        raise ScopeDenied(f"role {viewer.role} may not see area {place.code}")


def _area(geography: Geography, text: str, vintage: str) -> int:
    wanted = text.strip()
    areas = geography.areas
    try:
        return areas.id_of(wanted, vintage)
    except UnknownId:
        found = areas.index.match([wanted], vintage=vintage).row(0, named=True)
    if found["code"] is not None:
        return areas.id_of(found["code"], vintage)
    if found["ambiguous"]:
        raise BadUse(f"area {wanted!r} may be {' or '.join(found['candidates'])}: use a code")
    places = areas.frame.filter(pl.col("vintage") == vintage)
    known = [*places["code"].to_list(), *places["name"].to_list()]
    close = get_close_matches(wanted, known, n=3)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    raise BadUse(f"no area {wanted!r} in vintage {vintage}{hint}")


# --- answering ----------------------------------------------------------------------------------


def _one(plan: _Plan, item: Measure | Indicator, ask: Ask) -> pl.DataFrame:
    named, population = "", _NO_POPULATION
    if _is_reference(item, plan.view) and not ask.source:
        found, source = reference_figures(plan.view.geography, plan.frame)
        shown = _presented(found, plan.view, ask=ask, key=item.key, denominator_id="")
        return shown.with_columns(
            source=pl.when(pl.col("value").is_not_null()).then(source).otherwise(pl.lit(""))
        )
    if isinstance(item, Measure):
        found = measure_figures(plan.view, item, plan.frame)
    else:
        if needs_population(item):
            named, population = denominator(plan.view.geography, item, plan.frame, ask=ask)
        found = indicator_figures(plan.view, item, plan.frame, population=population)
    return _presented(found, plan.view, ask=ask, key=item.key, denominator_id=named)


def _is_reference(item: Measure | Indicator, view: CubeView) -> bool:
    """Return whether a figure comes from the country pack: no census has been delivered."""
    return item.key == POPULATION and view.presence(POPULATION).is_empty()


_NO_POPULATION = pl.DataFrame(schema={"area_id": pl.Int64, "population": pl.Int64})


def denominator(
    geography: Geography, item: Indicator, frame: Frame, *, ask: Ask
) -> tuple[str, pl.DataFrame]:
    """Return the id of the population that an indicator is divided by, and its figures.

    Raises:
        UnknownId: if the one asked for does not exist.
    """
    areas = geography.areas
    which = ask.denominator or item.population
    known = {one.group for one in areas.country.denominators}
    known |= {one.id for one in areas.country.denominators}
    if which not in known and not ask.denominator:
        # The country has no such group: the figure does not apply there.
        return "", _NO_POPULATION
    found = areas.population(which, frame.want.vintage)
    used = found["source"][0] if found.height else ""
    named = [
        one.id
        for one in areas.country.denominators
        if one.source == used and which in (one.group, one.id)
    ]
    return (named[0] if named else which), found.select("area_id", "population")


def _presented(
    found: pl.DataFrame, view: CubeView, *, ask: Ask, key: str, denominator_id: str
) -> pl.DataFrame:
    dimension = [pl.col("by").alias(ask.by)] if ask.by else []
    n_missing = pl.col("n_expected") - pl.col("n_present")
    return (
        found.join(view.geography.names, on="area_id", how="left", maintain_order="left")
        .with_columns(source=_source_names(found["source_ids"], view.catalogue))
        .select(
            pl.col("day").alias("date"),
            "area_code",
            "area",
            pl.lit(key).alias("id"),
            *dimension,
            "value",
            pl.col("status").replace_strict(_LABELS, return_dtype=pl.String),
            "area_id",
            "numerator",
            "denominator",
            pl.lit(denominator_id).alias("denominator_id"),
            n_missing.alias("n_missing"),
            "n_expected",
            _part_level(),
            "source",
            pl.from_epoch("known_at", time_unit="us").dt.replace_time_zone("UTC"),
        )
    )


def _part_level() -> pl.Expr:
    levels = {rank: level for level, rank in RANKS.items()}
    named = pl.col("part_rank").replace_strict(levels, default="", return_dtype=pl.String)
    return pl.when(pl.col("n_expected") > 0).then(named).otherwise(pl.lit("")).alias("part_level")


def _source_names(source_ids: pl.Series, catalogue: Catalogue) -> pl.Series:
    names = dict(catalogue.sources.select("source_id", "source").iter_rows())
    distinct = {tuple(ids or ()) for ids in source_ids.unique().to_list()}
    joined = {ids: " + ".join(dict.fromkeys(names[one] for one in ids)) for ids in distinct}
    listed = [joined[tuple(ids or ())] for ids in source_ids.to_list()]
    return pl.Series("source", listed, dtype=pl.String)


def _no_figures(ask: Ask) -> pl.DataFrame:
    dimension = {ask.by: pl.String} if ask.by else {}
    return pl.DataFrame(
        schema={
            **_HEAD,
            **dimension,
            "value": pl.Float64,
            "status": pl.String,
            "area_id": pl.Int32,
            "numerator": pl.Float64,
            "denominator": pl.Float64,
            "denominator_id": pl.String,
            "n_missing": pl.Int32,
            "n_expected": pl.Int32,
            "part_level": pl.String,
            "source": pl.String,
            "known_at": pl.Datetime("us", "UTC"),
        }
    )


def is_count(item: Measure | Indicator) -> bool:
    """Return whether an item counts things, so that its areas may be added."""
    return isinstance(item, Measure) or item.unit is Unit.COUNT


def only(ask: Ask, key: str) -> Ask:
    """Return the same question about one id."""
    return replace(ask, ids=(key,))
