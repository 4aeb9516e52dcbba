"""How saved scenarios fared: coverage of their bands, error, skill, once their days have come."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from dashboard import formatting, loaders, resources
from dashboard.components.markup import draw, element
from dashboard.components.scenario_session import home_area
from dashboard.components.tables import table
from dashboard.context import Context
from dashboard.scenario_shelf import OBSERVED, OBSERVED_SCHEMA, Saved

VINTAGE = "63"
ABSENT = "–"


def scale() -> int:
    """Return how many persons of the country stand behind one in the figures."""
    state = resources.simulated()
    return state.scale if state else 1


def came(area: str, *, span: tuple[date, date], seen: Context) -> pl.DataFrame:
    """Return what came of an area on the days of a span that most of the country has reported.

    Shape: `scenario_shelf.OBSERVED_SCHEMA`.
    """
    first, last = span
    if seen.newest is None or seen.newest < first:
        return pl.DataFrame(schema=OBSERVED_SCHEMA)
    return loaders.observed(
        viewer=seen.viewer, area=area, start=first, end=min(last, seen.newest), scale=scale(),
        token=seen.token,
    )  # fmt: skip


def scores_of(one: Saved, *, area: str, seen: Context) -> pl.DataFrame | None:
    """Return the scores of a saved scenario's bands of an area; None: none of its days came."""
    if seen.newest is None or seen.newest < one.first_day:
        return None
    found = loaders.scenario_scores(
        viewer=seen.viewer, scenario_id=one.scenario_id, area=area,
        span=(one.first_day, min(seen.newest, one.last_day or seen.newest)), scale=scale(),
        token=seen.token,
    )  # fmt: skip
    return found if found.height else None


def in_short(one: Saved, seen: Context) -> str:
    """Return how the cases of the viewer's own area fared, for a list."""
    found = scores_of(one, area=home_area(seen), seen=seen)
    mine = [] if found is None else found.filter(quantity="cases").to_dicts()
    if not mine:
        return seen.t("scenarios.not_yet")
    row = mine[0]
    inside = formatting.percent(row["coverage_95"], language=seen.language, decimals=0)
    text = seen.t("scenarios.score_short", inside=inside, n=row["days"])
    return f"{text}; {seen.t('scenarios.in_hindsight')}" if one.days_before(seen.zone) else text


def draw_scores(saved: list[Saved], *, area: str, seen: Context) -> None:
    """Draw a table of scores for each saved scenario on screen."""
    for one in saved:
        _of_one(one, area=area, seen=seen)


def _of_one(one: Saved, *, area: str, seen: Context) -> None:
    t = seen.t
    place = loaders.area_name(area, language=seen.language, vintage=VINTAGE)
    title = t("scenarios.scored", name=one.name, area=place)
    draw(element("h2", title, class_="td-section"))
    found = scores_of(one, area=area, seen=seen)
    if found is None:
        day = formatting.day(one.first_day, language=seen.language)
        draw(element("p", t("scenarios.no_day_came", day=day), class_="td-absent"))
        return
    before = one.days_before(seen.zone)
    if before:
        draw(element("p", t("scenarios.made_after", n=before), class_="td-notice td-warn"))
    by_quantity = {row["quantity"]: row for row in found.iter_rows(named=True)}
    rows = [_row(name, by_quantity.get(name), seen) for name in OBSERVED]
    heads = (t("scenarios.quantity"), t("scenarios.days_scored"),
             *(t("scenarios.inside", n=n) for n in (50, 80, 95)),
             t("scenarios.wis"), t("scenarios.skill"))  # fmt: skip
    draw(table(heads, rows, caption=title, numeric=range(1, 7), wide=True))
    for text in _notes(by_quantity, seen):
        draw(element("p", text, class_="td-absent"))


def _row(name: str, row: Mapping[str, Any] | None, seen: Context) -> tuple[str, ...]:
    label = seen.t(f"scenario_of.{name}")
    if row is None:
        return (label, "0", *[ABSENT] * 5)
    language = seen.language
    inside = (formatting.percent(row[f"coverage_{n}"], language=language, decimals=0)
              for n in (50, 80, 95))  # fmt: skip
    skill = ABSENT if row["skill"] is None else formatting.signed(row["skill"], language=language,
                                                                   decimals=2)  # fmt: skip
    wis = formatting.number(row["wis"], language=language, decimals=1)
    return (label, str(row["days"]), *inside, wis, skill)


def _notes(by_quantity: Mapping[str, Mapping[str, Any]], seen: Context) -> Iterator[str]:
    """Say how to read the table, and of each quantity why there is no skill or not of every day."""
    t = seen.t
    yield t("scenarios.score_help")
    if scale() > 1:
        yield t("scenarios.score_scaled", scale=scale())
    for name, row in by_quantity.items():
        label = t(f"scenario_of.{name}")
        if row["baseline_days"] == 0:
            yield t("scenarios.history_short", what=label, n=row["history_days"])
        elif row["skill"] is None:
            yield t("scenarios.baseline_exact", what=label)
        elif row["baseline_days"] < row["days"]:
            yield t("scenarios.skill_of_part", what=label, n=row["baseline_days"],
                    history=row["history_days"])  # fmt: skip
