"""What came in, and the lines that are in force, on the administration page. Nothing is changed."""

from dashboard import administration, formatting, resources
from dashboard.components.admin_accounts import PAGE
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.i18n import pick
from data_access.indicators.model import Indicator, Threshold, Unit
from data_access.indicators.registry import INDICATORS

RUNS = 30
COUNTS = ("n_read", "n_new", "n_updated", "n_rejected")


@section("admin_runs")
def runs_section() -> None:
    """List the newest runs of the gate."""
    seen = look(PAGE)
    t = seen.t
    administration.require_administrator(seen.viewer)
    draw(element("h2", t("administration.runs"), class_="td-section"))
    found = resources.shared().latest_batches(viewer=seen.viewer, limit=RUNS)
    if not found.height:
        draw(element("p", t("administration.no_runs"), class_="td-absent"))
        return
    heads = ("received", "platform", "source", "file", *COUNTS)
    rows: list[tuple[Child, ...]] = [
        (
            formatting.moment(row["received_at"], language=seen.language, zone=seen.zone),
            t(f"platform.{row['platform']}"),
            row["source"],
            row["file_name"],
            *(formatting.number(row[name], language=seen.language) for name in COUNTS),
        )
        for row in found.iter_rows(named=True)
    ]
    draw(
        table(
            [t(f"administration.{head}") for head in heads],
            rows,
            caption=t("administration.runs"),
            numeric=(4, 5, 6, 7),
            wide=True,
        )
    )


@section("admin_thresholds")
def thresholds_section() -> None:
    """List the lines of the indicators, each with the days it is in force and its source."""
    seen = look(PAGE)
    t = seen.t
    draw(element("h2", t("administration.thresholds"), class_="td-section"))
    draw(element("p", t("administration.thresholds_about"), class_="td-absent"))
    rows = [_line(one, line, seen) for one in INDICATORS.values() for line in one.thresholds]
    heads = ("indicator", "line", "above", "in_force", "document")
    draw(
        table(
            [t(f"administration.{head}") for head in heads],
            rows,
            caption=t("administration.thresholds"),
            numeric=(1,),
            wide=True,
        )
    )


def _line(one: Indicator, line: Threshold, seen: Context) -> tuple[Child, ...]:
    t = seen.t
    start, end = (
        formatting.day(day, language=seen.language) if day else ""
        for day in (line.since, line.until)
    )
    name = f"line_{line.key}"
    write = formatting.percent if one.unit is Unit.RATIO else formatting.number
    return (
        pick(one.vi, one.en, language=seen.language),
        write(line.value, language=seen.language),
        t(f"administration.{name}"),
        f"{start} – {end}",
        line.source,
    )
