"""Two to four proposals side by side: what each is, where it stands, what its scores add up to."""

from collections.abc import Sequence
from statistics import mean

import polars as pl

from dashboard import downloads, filters, resources
from dashboard.components import download
from dashboard.components.markup import draw, element
from dashboard.components.needs_page import Board, board
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.work import PROPOSALS_BOARD
from data_access.proposals.criteria import stages
from data_access.proposals.scoring import Evaluation
from data_access.workflow.model import Item

FEWEST, MOST = 2, 4
Judged = tuple[Item, Evaluation]


@section("needs_compare")
def compare_section() -> None:
    """Offer a choice of proposals and draw them beside each other."""
    one = board()
    if one.key != PROPOSALS_BOARD or len(one.every) < FEWEST:
        return
    t = one.seen.t
    draw(element("h2", t("needs.compare"), class_="td-section"))
    by_code = {one.flow.code(item.number): item for item in one.every}
    names = {code: f"{code} · {item.text('title')}" for code, item in by_code.items()}
    filters.several(
        "items", label=t("needs.compare_which"), options=tuple(by_code),
        format_option=names.__getitem__, most=MOST, prompt=t("needs.compare_hint"),
    )  # fmt: skip
    picked = [by_code[code] for code in filters.current().items if code in by_code][:MOST]
    if len(picked) < FEWEST:
        draw(element("p", t("needs.compare_few"), class_="td-absent"))
        return
    judged = [(item, one.judged[item.number]) for item in picked]
    heads = ("", *(one.flow.code(item.number) for item in picked))
    rows = comparison(judged, one)
    draw(
        element("div", table(heads, rows, caption=t("needs.compare"), wide=True), class_="td-whole")
    )
    draw(element("p", t("needs.compare_about"), class_="td-when"))
    columns = [t("needs.criterion"), *heads[1:]]
    found = pl.DataFrame(rows, schema=columns, orient="row")
    download.offer(
        t("map.download"), lambda: downloads.plain_csv(found),
        file_name=resources.file_name("proposals-compared.csv", t=t), key="compare_csv",
    )  # fmt: skip


def comparison(judged: Sequence[Judged], one: Board) -> list[tuple[str, ...]]:
    """Return the rows of the comparison: a name, then a cell for each proposal."""
    words, t = one.words, one.seen.t
    rows = [
        (words.field("title"), *(item.text("title") for item, _ in judged)),
        (words.field("organisation"), *(item.text("organisation") for item, _ in judged)),
        (words.field("country"), *(item.text("country") for item, _ in judged)),
        (words.field("platform"), *(words.platform(item.text("platform")) for item, _ in judged)),
        (t("needs.state"), *(words.state(item.state) for item, _ in judged)),
        (t("needs.days_open"), *(words.days(_age(item, one)) for item, _ in judged)),
        (t("needs.conflicts"), *(str(sum(found.declared.values())) for _, found in judged)),
    ]
    for state in stages():
        rows.append((words.state(state), *(_total(found, state, one) for _, found in judged)))
        rows += [
            (f"– {t(f'needs.criterion_{key}')}",
             *(_criterion(found, state, key, one) for _, found in judged))
            for key in stages()[state].criteria
        ]  # fmt: skip
    rows.append((t("needs.total_points"), *(_whole(found, one) for _, found in judged)))
    return rows


def _whole(found: Evaluation, one: Board) -> str:
    """Return the weighted points, and of how many evaluations as long as some are not open."""
    total = found.total()
    n_open = sum(sheet.is_open for sheet in found.sheets.values())
    text = one.words.exact_days(total)
    if total is None or n_open == len(found.sheets):
        return text
    return f"{text} ({n_open}/{len(found.sheets)})"


def _age(item: Item, one: Board) -> float:
    until = item.stays[-1].since if item.state in one.flow.ends else one.words.now
    return (until - item.opened_at).total_seconds() / 86_400


def _total(found: Evaluation, state: str, one: Board) -> str:
    sheet = found.sheets[state]
    if not sheet.evaluators:
        return "–"
    return one.words.exact_days(sheet.total()) if sheet.is_open else one.seen.t("needs.hidden")


def _criterion(found: Evaluation, state: str, key: str, one: Board) -> str:
    sheet = found.sheets[state]
    told = [score.points[key] for score in sheet.scores if key in score.points]
    return one.words.exact_days(mean(told)) if sheet.is_open and told else "–"
