"""The sync desk's lower sections: refused rows to send back, contradictions, data debt."""

from functools import partial

import polars as pl
import streamlit as st

from dashboard import filters, formatting, loaders, resources
from dashboard.components import download
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.components.sync_page import PAGE, moment, window
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.i18n import pick
from data_access.codes import PLATFORMS
from data_access.reconcile.rules import CAUSES, RULES
from data_access.reference.contacts import whom_to_call
from data_access.sync.reporting import by_platform
from data_access.sync.rules import DEBT_PARTS, NEVER, PARTIAL, SILENT
from data_access.sync.words import reason_words

SHOWN = 100
FILES = 8
WORST = 12
# A bar is as long as a third of what there could be at most.
HEAVIEST = sum(part.cap for part in DEBT_PARTS) / 3


@section("sync_rejects")
def rejects_section() -> None:
    """Draw refused rows by reason, and the files to send back."""
    seen = look(PAGE)
    shown, t = window(seen), seen.t
    draw(element("h2", t("data_sync.rejects"), class_="td-section"))
    found = shown.read(loaders.reject_reasons, seen)
    if _nothing(found, "no_rejects", seen):
        return
    rows = [
        (t(f"platform.{platform}"), source, pick(*reason_words(reason), language=seen.language),
         _number(n_rows, seen), _number(n_files, seen))
        for platform, source, reason, n_rows, n_files in found.iter_rows()
    ]  # fmt: skip
    names = ("platform", "source", "reason", "rows", "files")
    heads = tuple(t(f"data_sync.{name}") for name in names)
    draw(table(heads, rows, caption=t("data_sync.rejects"), numeric=(3, 4)))
    batches = shown.read(loaders.sync_deliveries, seen)
    _files(batches.filter(pl.col("n_rejected") > 0).head(FILES), seen)


def _nothing(found: pl.DataFrame, key: str, seen: Context) -> bool:
    """Say that there is nothing, where there is nothing; return whether that was so."""
    if found.is_empty():
        draw(element("p", seen.t(f"data_sync.{key}"), class_="td-absent"))
    return found.is_empty()


def _files(batches: pl.DataFrame, seen: Context) -> None:
    draw(element("p", seen.t("data_sync.send_back"), class_="td-absent"))
    with st.container(horizontal=True, key="td_rejects"):
        for row in batches.iter_rows(named=True):
            number = row["batch_id"]
            held = loaders.reject_file(viewer=seen.viewer, batch_id=number, token=seen.token)
            label = f"{row['file_name']} ({_number(row['n_rejected'], seen)})"
            if held is None:
                st.button(
                    label, disabled=True, help=seen.t("data_sync.no_file"), key=f"no_{number}"
                )
                continue
            name, content = held
            download.offer(label, partial(bytes, content), file_name=name, key=f"rejects_{number}")


@section("sync_contradictions")
def contradictions_section() -> None:
    """Draw where platforms disagree, newest first."""
    seen = look(PAGE)
    shown, t = window(seen), seen.t
    draw(element("h2", t("data_sync.contradictions"), class_="td-section"))
    found = shown.read(loaders.contradictions, seen)
    if _nothing(found, "no_contradictions", seen):
        return
    found = _filtered(found, seen)
    heads = (
        "since_when",
        "day",
        "province",
        "rule",
        "side_a",
        "side_b",
        "gap",
        "cause",
        "severity",
    )
    rows = [_finding(row, seen) for row in found.head(SHOWN).iter_rows(named=True)]
    title = t("data_sync.contradictions_of", shown=len(rows), n=found.height)
    draw(element("p", title, class_="td-absent"))
    draw(
        table(
            [t(f"data_sync.{name}") for name in heads], rows, caption=title, numeric=(6,), wide=True
        )
    )


def _filtered(found: pl.DataFrame, seen: Context) -> pl.DataFrame:
    """Offer rule and province; both are in the address."""
    rules = (None, *sorted(set(found["rule"])))
    areas = (None, *sorted(set(found["area_code"])))
    with st.container(horizontal=True, key="td_findings"):
        filters.choice("rule", label=seen.t("data_sync.rule"), options=rules,
                       format_option=lambda key: _rule(key, seen))  # fmt: skip
        filters.choice("area", label=seen.t("data_sync.province"), options=areas,
                       format_option=lambda code: _area(code, seen))  # fmt: skip
    view = filters.current()
    if view.rule:
        found = found.filter(pl.col("rule") == view.rule)
    if view.area:
        found = found.filter(pl.col("area_code") == view.area)
    return found


def _rule(key: str | None, seen: Context) -> str:
    if not key:
        return seen.t("data_sync.all")
    rule = RULES.get(key)
    return pick(rule.vi, rule.en, language=seen.language) if rule else key


def _area(code: str | None, seen: Context) -> str:
    return loaders.area_name(code, language=seen.language) if code else seen.t("data_sync.all")


def _finding(row: dict[str, object], seen: Context) -> tuple[str, ...]:
    cause = CAUSES.get(str(row["cause"]))
    gap = row["gap"]
    return (
        moment(row["known_at"], seen),
        formatting.day(row["date"], language=seen.language),  # type: ignore[arg-type]
        _area(str(row["area_code"]), seen),
        _rule(str(row["rule"]), seen),
        _side(row, "a", seen),
        _side(row, "b", seen),
        formatting.signed(gap, language=seen.language) if isinstance(gap, float) else "–",
        pick(cause.vi, cause.en, language=seen.language) if cause else str(row["cause"]),
        seen.t(f"severity.{row['severity']}"),
    )


def _side(row: dict[str, object], side: str, seen: Context) -> str:
    value, measure = row[f"value_{side}"], row[f"measure_{side}"]
    entry = loaders.entry(str(measure), viewer=seen.viewer) if measure else None
    title = entry.title(seen.language) if entry else ""
    number = _number(value, seen) if isinstance(value, float) else "–"
    source = row[f"source_{side}"]
    named = " · ".join(str(one) for one in (title, source) if one)
    return f"{number} ({named})" if named else number


@section("sync_debt")
def debt_section() -> None:
    """Draw each province's data debt, the most indebted first, and whom to call."""
    seen = look(PAGE)
    shown, t = window(seen), seen.t
    draw(element("h2", t("data_sync.debt"), class_="td-section"))
    draw(element("p", t("data_sync.debt_about"), class_="td-absent"))
    debt = shown.read(loaders.data_debt, seen)
    if _nothing(debt, "no_debt", seen):
        return
    best = by_platform(shown.found)
    areas = debt["area_code"].unique(maintain_order=True).to_list()
    entries = [_debt(area, debt, best, seen) for area in areas]
    draw(element("div", *entries[:WORST], class_="td-debts"))
    if entries[WORST:]:
        title = t("data_sync.more_debt", n=len(entries) - WORST)
        more = st.expander(title, key="sync_debts", on_change="rerun")
        if more.open:
            with more:
                draw(element("div", *entries[WORST:], class_="td-debts"))


def _debt(area: str, debt: pl.DataFrame, best: pl.DataFrame, seen: Context) -> Markup:
    t, language = seen.t, seen.language
    own = debt.filter(pl.col("area_code") == area)
    points = formatting.number(float(own["points"].sum()), language=language, decimals=1)
    parts = "; ".join(
        t(f"debt.{part}", n=_number(count, seen))
        for part, count in own.select("part", "count").rows()
    )
    rows = [
        (t(f"debt.{part}", n=_number(count, seen)),
         formatting.number(weight, language=language, decimals=3),
         formatting.number(got, language=language, decimals=1))
        for part, count, weight, got in own.select("part", "count", "weight", "points").rows()
    ]  # fmt: skip
    name = loaders.area_name(area, language=language)
    bars = [
        element("i", style=f"width: {100 * got / HEAVIEST:.2f}%", data_part=part)
        for part, got in own.select("part", "points").rows()
    ]
    heads = [t(f"data_sync.{key}") for key in ("part", "weight", "points")]
    return element(
        "details",
        element(
            "summary",
            element("strong", name),
            element("b", points),
            element("span", *bars, class_="td-bar", aria_hidden="true"),
            element("span", parts),
        ),
        table(heads, rows, caption=name, numeric=(1, 2)),
        element("ul", *(element("li", line) for line in whom(area, best, seen))),
        class_="td-debt",
    )


def whom(area: str, best: pl.DataFrame, seen: Context) -> list[str]:
    """Return whom to call about each platform that is in trouble here."""
    trouble = best.filter(
        pl.col("area_code") == area, pl.col("state").is_in([SILENT, PARTIAL, NEVER, "late"])
    )["platform"]
    lines = []
    for platform in PLATFORMS:
        if platform not in set(trouble):
            continue
        found = whom_to_call(resources.pack().contacts, platform=platform, province=area)
        office = pick(found.role_vi, found.role_en, language=seen.language) if found else ""
        phone = (found.phone if found else "") or seen.t("data_sync.no_phone")
        who = f"{office}, {phone}" if office else seen.t("data_sync.no_contact")
        lines.append(f"{seen.t(f'platform.{platform}')}: {who}")
    return lines


def _number(value: float, seen: Context) -> str:
    return formatting.number(value, language=seen.language)
