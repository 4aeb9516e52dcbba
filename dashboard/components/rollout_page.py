"""The rollout page: the sentence, cards, controls, the heat map beside readiness, map, trend."""

from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboard import downloads, filters, formatting, loaders, loaders_rollout, resources
from dashboard.charts import rollout as charts
from dashboard.components import download, map_view
from dashboard.components.markup import Child, Markup, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.maps import component
from dashboard.rollout import Rollout
from data_access.codes import Level
from data_access.rollout import standing
from data_access.rollout.model import MANDATED, STAGES
from data_access.rollout.readiness import Readiness, Scored
from data_access.rollout.rules import mandates, rules

PAGE = "rollout"
ADDRESS = ("area", "platform")
MAP = "map_rollout"
TREND_DAYS = 60
PLOTLY = {"displayModeBar": False, "responsive": True}
LISTED = 20
SIGNS = {"tam_dung": "‖", "he_thong_rieng": "◇"}


def board(seen: Context) -> Rollout:
    """Return what the page shows."""
    viewer = loaders_rollout.looking(seen.viewer)
    vintage = loaders.vintage_for(seen.day, None)
    spot = (Level.PROVINCE.value, vintage, None)
    areas = loaders.areas_of(spot, viewer=seen.viewer, language=seen.language)
    return loaders_rollout.board(
        viewer=viewer, figures_viewer=seen.viewer, day=seen.day, vintage=vintage,
        codes=tuple(areas["code"].to_list()), token=loaders_rollout.said(viewer),
        figures_token=seen.token,
    )  # fmt: skip


def names(seen: Context) -> dict[str, str]:
    """Return code → name of the provinces."""
    return loaders.names(loaders.vintage_for(seen.day, None), language=seen.language)


def chosen(seen: Context, codes: tuple[str, ...]) -> str | None:
    """Return the province opened: the viewer's own, or the one chosen."""
    return next((one for one in (seen.home, filters.current().area) if one in codes), None)


def share(value: float | None, seen: Context) -> str:
    """Return a ratio as a percent, a dash where it is not known."""
    if value is None:
        return "–"
    return formatting.percent(value, language=seen.language, decimals=0)


# --- on top ---------------------------------------------------------------------------------------


@section("rollout_sentence")
def sentence_section() -> None:
    """Draw the sentence: teams, who uses what, who is silent, what is open."""
    seen = look(PAGE)
    one, t = board(seen), seen.t
    at = formatting.moment(one.now, language=seen.language, zone=seen.zone)
    if one.found.is_empty():
        draw(element("p", t("rollout.nothing_said"), class_="td-lede"))
        return
    live = ", ".join(f"{t(f'platform.{p}')} {one.n_live(p)}" for p in MANDATED)
    said = [t("rollout.sentence", at=at, teams=one.n_teams, all=len(one.codes), live=live)]
    if one.silent:
        said.append(t("rollout.sentence_silent", n=len(one.silent),
                      hours=round(one.rules.stale.total_seconds() / 3600)))  # fmt: skip
    worst = one.open_of("S1")
    said.append(t("rollout.sentence_open", n=worst) if worst else t("rollout.sentence_none_open"))
    draw(element("p", " ".join(said), class_="td-lede"))


@section("rollout_cards")
def cards_section() -> None:
    """Draw the headline cards."""
    seen = look(PAGE)
    one, t, language = board(seen), seen.t, seen.language
    recent, n = one.recent(), len(one.codes)
    acks = recent["ack_minutes"].drop_nulls()
    median = acks.median() if acks.len() else None
    breached = one.breach_share()
    per_desk = t("rollout.desk_days", days=one.rules.desk_days)
    captured = t("rollout.capture_about", days=one.rules.capture_days)
    minutes = "–" if median is None else formatting.number(float(str(median)), language=language)
    cards = [
        (t("rollout.teams"), share(one.n_teams / n if n else None, seen),
         t("rollout.of_provinces", n=one.n_teams, all=n), ""),
        *((t("rollout.live_of", name=t(f"platform.{p}")), str(one.n_live(p)),
           t("rollout.provinces_of", all=n), "") for p in MANDATED),
        (t("rollout.silent"), str(len(one.silent)), t("rollout.silent_about"),
         "bad" if one.silent else ""),
        (t("rollout.open_s1"), str(one.open_of("S1")), t("rollout.now"),
         "bad" if one.open_of("S1") else ""),
        (t("rollout.ack_median"), minutes, per_desk, ""),
        (t("rollout.breach"), share(breached, seen), per_desk, "bad" if breached else ""),
        (t("rollout.part_capture_tests"), share(one.captured("capture_tests"), seen), captured, ""),
        (t("rollout.part_capture_doses"), share(one.captured("capture_doses"), seen), captured, ""),
        (t("rollout.part_capture_cases"), share(one.captured("capture_cases"), seen), captured, ""),
        (t("rollout.part_active_places"), share(one.active_share(), seen), _on(seen), ""),
    ]  # fmt: skip
    draw(element("div", *(_card(*each, seen) for each in cards), class_="td-cards"))


def _on(seen: Context) -> str:
    return formatting.day(seen.day, language=seen.language) if seen.day else ""


def _card(title: str, value: str, about: str, tone: str, seen: Context) -> Markup:
    figure = element("p", element("strong", value), class_="td-value")
    if value == "–":
        figure = element("p", seen.t("rollout.not_reported"), class_="td-status")
    return element(
        "article", element("h3", title), figure, element("p", about, class_="td-when"),
        class_=f"td-card td-{tone}" if tone else "td-card",
    )  # fmt: skip


def controls() -> None:
    """Offer province and platform; both are in the address."""
    seen = look(PAGE)
    spot = (Level.PROVINCE.value, loaders.vintage_for(seen.day, None), None)
    areas = loaders.areas_of(spot, viewer=seen.viewer, language=seen.language)
    known: dict[str | None, str] = {
        None: seen.t("map.all_areas"),
        **dict(areas.select("code", "name").iter_rows()),
    }
    with st.container(horizontal=True, key="td_filters"):
        if not seen.home:
            filters.choice("area", label=seen.t("command.area"), options=tuple(known),
                           format_option=known.__getitem__)  # fmt: skip
        filters.choice("platform", label=seen.t("rollout.f_platform"), options=MANDATED,
                       format_option=lambda one: seen.t(f"platform.{one}"))  # fmt: skip


# --- heat map and readiness -----------------------------------------------------------------------


@section("rollout_matrix")
def matrix_section() -> None:
    """Draw every province: its stage on each platform beside its readiness with the parts."""
    seen = look(PAGE)
    one, t = board(seen), seen.t
    draw(element("h2", t("rollout.matrix"), class_="td-section"))
    if one.found.is_empty():
        draw(element("p", t("rollout.nothing_said"), class_="td-absent"))
        return
    draw(_legend(seen))
    called = names(seen)
    heads = (t("map.rank"), t("map.area"), *(t(f"platform.{p}") for p in MANDATED),
             t("rollout.f_team"), t("rollout.readiness"), t("rollout.parts"), t("rollout.known"),
             t("rollout.overdue"))  # fmt: skip
    rows = [_row(rank, code, one, called, seen) for rank, code in enumerate(one.order, start=1)]
    area = chosen(seen, one.codes)
    place = one.order.index(area) if area else None
    draw(element("div", table(heads, rows, caption=t("rollout.matrix"), numeric=(0, 6, 8, 9),
                              chosen=place, wide=True), class_="td-rollout"))  # fmt: skip
    draw(element("p", t("rollout.matrix_note"), class_="td-when"))
    download.offer(
        t("map.download"),
        lambda: downloads.plain_csv(as_table(one, called)),
        file_name=resources.file_name(f"rollout-{one.today.isoformat()}.csv", t=t),
        key="rollout_csv",
    )


def _legend(seen: Context) -> Markup:
    t = seen.t
    stages = [
        element("span", element("b", str(n), class_=f"td-stage td-stage-{n}"),
                t(f"rollout.stage_{stage}"))
        for n, stage in enumerate(STAGES)
    ]  # fmt: skip
    others = [
        element("span", element("b", "?", class_="td-stage td-stage-stale"), t("rollout.stale")),
        *(element("span", element("b", sign), " ", t(f"rollout.side_{side}"))
          for side, sign in SIGNS.items()),
    ]  # fmt: skip
    return element("p", *stages, *others, class_="td-stages")


def _row(
    rank: int, code: str, one: Rollout, called: dict[str, str], seen: Context
) -> tuple[Child, ...]:
    ready = one.ready[code]
    overdue = sum(bool(one.stands[code, p]["is_overdue"]) for p in MANDATED
                  if (code, p) in one.stands)  # fmt: skip
    score: Child = share(ready.score, seen) if ready.is_ranked else seen.t("rollout.too_little")
    if code in one.silent:
        score = element("span", score, " ◷", class_="td-grey", title=seen.t("rollout.stale"))
    return (
        str(rank) if ready.is_ranked else "",
        called.get(code, code),
        *(badge(code, platform, one, seen) for platform in MANDATED),
        team_words(code, one, seen),
        score,
        charts.parts_bar(ready.parts, alt=in_words(ready.parts, seen)),
        share(ready.known, seen),
        str(overdue) if overdue else "",
    )


def badge(code: str, platform: str, one: Rollout, seen: Context) -> Markup:
    """Return a stage as a sign: its number on its shade; grey and hatched where nobody said it."""
    row, t = one.stands.get((code, platform)), seen.t
    if row is None:
        return element("b", "?", class_="td-stage td-stage-stale", title=t("rollout.never_said"))
    number, side = int(str(row["stage_number"])), str(row["side"] or "")
    stage, hours = t(f"rollout.stage_{row['stage']}"), round(float(str(row["age_hours"])))
    words = [stage, t("rollout.said_ago", n=hours)]
    words += [t(f"rollout.side_{side}")] if side else []
    shade = "stale" if row["is_stale"] else str(number)
    text = f"{number}{SIGNS.get(side, '')}" + ("?" if row["is_stale"] else "")
    return element("b", text, class_=f"td-stage td-stage-{shade}", title="; ".join(words))


def team_words(code: str, one: Rollout, seen: Context) -> str:
    """Return a team's status in words."""
    own = one.teams.filter(pl.col("province") == code)
    return seen.t(f"rollout.team_{own['status'][0]}") if own.height else "–"


def in_words(parts: tuple[Scored, ...], seen: Context) -> str:
    """Return the parts of a readiness as a sentence, for those who cannot see the bar."""
    said = [
        f"{seen.t(f'rollout.part_{one.part.key}')}: "
        + (seen.t("rollout.unknown") if one.score is None else share(one.score, seen))
        for one in parts
    ]
    return "; ".join(said)


def as_table(one: Rollout, called: dict[str, str]) -> pl.DataFrame:
    """Return the heat map with readiness and every part, one row a province."""
    rows = []
    for code in one.order:
        ready: Readiness = one.ready[code]
        row: dict[str, object] = {"area_code": code, "area": called.get(code, code)}
        for platform in MANDATED:
            held = one.stands.get((code, platform))
            row |= {f"{platform}_stage": held["stage"] if held else None,
                    f"{platform}_stale": held["is_stale"] if held else None}  # fmt: skip
        row |= {"readiness": ready.score, "readiness_low": ready.low,
                "readiness_high": ready.high, "known": ready.known}  # fmt: skip
        row |= {f"{part.part.key}_value": part.value for part in ready.parts}
        row |= {f"{part.part.key}_score": part.score for part in ready.parts}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


# --- map and trend --------------------------------------------------------------------------------


@section("rollout_map")
def map_section() -> None:
    """Draw readiness on the map with the people on site, beside the list of them."""
    seen = look(PAGE)
    one, t = board(seen), seen.t
    there = standing.on_site(one.found, day=one.today)
    picked, _ = map_view.news(MAP)
    if picked and picked in one.codes and picked != filters.current().area and not seen.home:
        filters.change(area=picked)
        st.rerun()
    draw(element("h2", t("rollout.map"), class_="td-section"))
    left, right = st.columns([5, 4], gap="medium")
    scores = {
        code: ready.score
        for code, ready in one.ready.items()
        if ready.score is not None and ready.is_ranked and code not in one.silent
    }
    with left:
        packed = loaders_rollout.map_message(
            scores, there, viewer=seen.viewer, day=one.today, language=seen.language,
            vintage=loaders.vintage_for(seen.day, None), selected=chosen(seen, one.codes),
        )  # fmt: skip
        component.paint(packed, key=MAP)
    with right:
        _on_site(there, seen)


def _on_site(there: pl.DataFrame, seen: Context) -> None:
    t, called = seen.t, names(seen)
    title = t("rollout.on_site")
    if there.is_empty():
        draw(element("p", t("rollout.nobody_on_site"), class_="td-absent"))
        return
    rows = [
        (called.get(row["province"], row["province"]), row["organisation"], str(row["people"]),
         day_text(row["starts"], seen), day_text(row["ends"], seen))
        for row in there.sort("people", descending=True).iter_rows(named=True)
    ]  # fmt: skip
    fields = ("organisation", "people", "starts", "ends")
    heads = (t("map.area"), *(t(f"rollout.f_{name}") for name in fields))
    draw(table(heads, rows, caption=title, numeric=(2,), wide=True))


def day_text(text: object, seen: Context) -> str:
    """Return a kept ISO day as people write it; a dash for none."""
    if not text:
        return "–"
    return formatting.day(date.fromisoformat(str(text)), language=seen.language)


@section("rollout_trend")
def trend_section() -> None:
    """Draw how many provinces stood at each stage of a platform."""
    seen = look(PAGE)
    one, t = board(seen), seen.t
    platform = filters.current().platform
    platform = platform if platform in MANDATED else MANDATED[0]
    own = one.found.filter(pl.col("kind") == "deployment")
    title = t("rollout.trend", name=t(f"platform.{platform}"))
    draw(element("h2", title, class_="td-section"))
    if own.is_empty():
        draw(element("p", t("rollout.nothing_said"), class_="td-absent"))
        return
    daily = standing.trend(
        own, start=one.today - timedelta(days=TREND_DAYS), end=one.today, zone=seen.zone
    ).filter(pl.col("platform") == platform)
    st.plotly_chart(charts.trend(daily, t=t), key="rollout_trend_chart", alt=title, config=PLOTLY)
    with st.expander(t("chart.table"), key="rollout_trend_table"):
        wide = daily.pivot("stage_number", index="date", values="n").sort("date", descending=True)
        rows = [
            (formatting.day(row["date"], language=seen.language),
             *(str(row.get(str(n)) or 0) for n in range(len(STAGES))))
            for row in wide.iter_rows(named=True)
        ]  # fmt: skip
        heads = (t("chart.day"), *(t(f"rollout.stage_{stage}") for stage in STAGES))
        draw(table(heads, rows, caption=title, numeric=range(1, len(STAGES) + 1), wide=True))


# --- the rules ------------------------------------------------------------------------------------


@section("rollout_rules")
def rules_section() -> None:
    """Draw what readiness is made of, what the desk promises, which letter mandates what."""
    seen = look(PAGE)
    t, language, rule = seen.t, seen.language, rules()
    with st.expander(t("rollout.rules"), key="rollout_rules_box"):
        total = sum(part.weight for part in rule.parts)
        rows = [
            (t(f"rollout.part_{part.key}"), share(part.weight / total, seen), f"{part.none:g}",
             f"{part.full:g}")
            for part in rule.parts
        ]  # fmt: skip
        heads = tuple(t(f"rollout.{name}") for name in ("part", "weight", "none_at", "full_at"))
        draw(table(heads, rows, caption=t("rollout.rules"), numeric=(1, 2, 3)))
        draw(element("p", t("rollout.rules_note"), class_="td-when"))
        for one in mandates():
            day = formatting.day(one.day, language=language)
            text = t("rollout.mandate", name=one.name[language], issuer=one.issuer[language],
                     day=day, note=one.day_note[language],
                     platforms=", ".join(t(f"platform.{p}") for p in one.platforms),
                     agencies=", ".join(one.agencies[language]), source=one.source)  # fmt: skip
            draw(element("p", text, class_="td-when"))
