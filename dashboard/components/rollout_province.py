"""One province opened: its stages as a timeline per platform, what is measured, team, tickets."""

from collections.abc import Mapping

import polars as pl
import streamlit as st

from dashboard import formatting
from dashboard.components import rollout_forms
from dashboard.components.markup import Markup, draw, element
from dashboard.components.rollout_desk import listed
from dashboard.components.rollout_page import (
    PAGE,
    SIGNS,
    badge,
    board,
    chosen,
    day_text,
    names,
    share,
    team_words,
)
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.rollout import Rollout
from data_access.rollout import standing
from data_access.rollout.model import MANDATED, STAGES
from data_access.rollout.readiness import Scored

TICKETS, WARDS = 10, 15
HOURS = frozenset({"recording_p90", "sync_age"})
STAGE_PARTS = frozenset(f"stage_{platform}" for platform in MANDATED)


@section("rollout_province")
def province_section() -> None:
    """Draw the province that was opened."""
    seen = look(PAGE)
    one, t = board(seen), seen.t
    area = chosen(seen, one.codes)
    draw(element("h2", t("rollout.province") if area is None else
                 t("rollout.province_of", name=names(seen).get(area, area)),
                 class_="td-section"))  # fmt: skip
    if area is None:
        draw(element("p", t("rollout.pick"), class_="td-absent"))
        return
    if area in one.silent:
        draw(element("p", t("rollout.province_stale"), class_="td-notice td-warn"))
    steps = standing.steps(one.found, area)
    columns = st.columns(len(MANDATED), gap="medium")
    for column, platform in zip(columns, MANDATED, strict=True):
        with column:
            draw(_timeline(platform, area, one, steps, seen))
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _parts(area, one, seen)
    with right:
        draw(_team(area, one, seen))
        _wards(area, one, seen)
    own = one.tickets.filter(pl.col("province") == area)
    draw(element("h3", t("rollout.tickets"), class_="td-section"))
    if own.is_empty():
        draw(element("p", t("rollout.no_tickets"), class_="td-absent"))
    else:
        draw(listed(own.sort("is_open", descending=True, maintain_order=True).head(TICKETS), seen))
    rollout_forms.show(area, one, seen)


def _timeline(platform: str, area: str, one: Rollout, steps: pl.DataFrame, seen: Context) -> Markup:
    t, row = seen.t, one.stands.get((area, platform))
    own = steps.filter(pl.col("platform") == platform)
    reached = {step["stage"]: step for step in own.iter_rows(named=True)}
    number = int(str(row["stage_number"])) if row else -1
    lines = [_step(n, stage, number, reached.get(stage), seen) for n, stage in enumerate(STAGES)]
    side = str(row["side"] or "") if row else ""
    notes = [f"{SIGNS[side]} {t(f'rollout.side_{side}')}"] if side else []
    if row and row["integrated"]:
        notes.append(t(f"rollout.integrated_{row['integrated']}"))
    if row and row["districts_live"] is not None:
        notes.append(t("rollout.districts_live", n=row["districts_live"]))
    if row and row["target"]:
        key = "rollout.target_overdue" if row["is_overdue"] else "rollout.target"
        notes.append(t(key, day=day_text(row["target"], seen)))
    if row:
        notes.append(t("rollout.owner", name=row["owner"]))
    return element(
        "div",
        element("h3", t(f"platform.{platform}"), " ", badge(area, platform, one, seen)),
        element("ol", *lines, class_="td-path"),
        element("p", " · ".join(notes), class_="td-when") if notes else None,
    )


def _step(
    n: int, stage: str, number: int, said: Mapping[str, object] | None, seen: Context
) -> Markup:
    state = "now" if n == number else "done" if n < number else "ahead"
    words = [seen.t(f"rollout.stage_{stage}")]
    told = None
    if said is not None and n <= number:
        evidence = f" · {said['evidence']}" if said["evidence"] else ""
        told = element("small", f"{day_text(said['date'], seen)}{evidence}")
    current = "step" if state == "now" else None
    return element("li", *words, told, class_=f"td-leg-{state}", aria_current=current)


def _parts(area: str, one: Rollout, seen: Context) -> None:
    t, ready = seen.t, one.ready[area]
    title = t("rollout.parts_of", score=share(ready.score, seen), known=share(ready.known, seen),
              low=share(ready.low, seen), high=share(ready.high, seen))  # fmt: skip
    draw(element("h3", title, class_="td-section"))
    total = sum(part.part.weight for part in ready.parts)
    rows = [
        (t(f"rollout.part_{part.part.key}"), _value(part, seen),
         t("rollout.unknown") if part.score is None else share(part.score, seen),
         share(part.part.weight / total, seen))
        for part in ready.parts
    ]  # fmt: skip
    extra = one.measured.duplicates.get(area)
    rows.append((t("rollout.duplicates"), share(extra, seen), "", ""))
    median = one.measured.share_of["recording_p50"].get(area)
    rows.append((t("rollout.recording_p50"), _hours(median, seen), "", ""))
    heads = tuple(t(f"rollout.{name}") for name in ("part", "value", "score", "weight"))
    draw(table(heads, rows, caption=title, numeric=(1, 2, 3)))


def _value(part: Scored, seen: Context) -> str:
    if part.value is None:
        return "–"
    if part.part.key in STAGE_PARTS:
        return f"{part.value:.0f} / {len(STAGES) - 1}"
    return _hours(part.value, seen) if part.part.key in HOURS else share(part.value, seen)


def _hours(value: float | None, seen: Context) -> str:
    if value is None:
        return "–"
    number = formatting.number(value, language=seen.language, decimals=1)
    return seen.t("rollout.hours", value=number)


def _team(area: str, one: Rollout, seen: Context) -> Markup:
    t = seen.t
    own = one.teams.filter(pl.col("province") == area)
    heading = element("h3", t("rollout.f_team"), class_="td-section")
    if own.is_empty():
        return element("div", heading, element("p", t("rollout.no_team"), class_="td-absent"))
    row = own.row(0, named=True)
    agencies = ", ".join(" ".join(one.split(":")) for one in (row["agencies"] or "").split("|"))
    facts = [
        (t("rollout.f_status"), team_words(area, one, seen)),
        (t("rollout.f_decision"), row["decision"] or "–"),
        (t("rollout.f_date"), day_text(row["date"], seen)),
        (t("rollout.f_head"), row["head"] or "–"),
        (t("rollout.agencies"), agencies or "–"),
        (t("rollout.f_roster"), ", ".join((row["roster"] or "–").split("|"))),
    ]
    cells = [element("div", element("dt", name), element("dd", text)) for name, text in facts]
    return element("div", heading, element("dl", *cells, class_="td-facts"))


def _wards(area: str, one: Rollout, seen: Context) -> None:
    """Name the wards without a scan, those that are so often first."""
    t, own = seen.t, one.measured.wards.filter(pl.col("area_code") == area)
    if own.is_empty():
        return
    repeat = own.filter(pl.col("n_days") >= one.rules.repeat_days)
    title = t("rollout.silent_wards", n=own.height, repeat=repeat.height,
              days=one.rules.repeat_days)  # fmt: skip
    draw(element("h3", title, class_="td-section"))
    rows = [(ward, str(n)) for _, ward, n in own.head(WARDS).iter_rows()]
    draw(table((t("rollout.ward"), t("rollout.silent_days")), rows, caption=title, numeric=(1,)))
