"""One need or proposal: what it is, its evaluation, and everything that was done with it."""

from dashboard import filters, formatting, loaders
from dashboard.components.markup import Child, Markup, draw, element, join
from dashboard.components.needs_page import Board, board, due_text
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.work import NEEDS_BOARD
from data_access.codes import Role
from data_access.needs.flow import rounds
from data_access.proposals.criteria import stages
from data_access.proposals.scoring import SCORE, SCORED, WHY, Evaluation, Sheet
from data_access.workflow.fields import Field, Takes
from data_access.workflow.model import Item, Step

VINTAGE = "63"


@section("needs_item")
def item_section() -> None:
    """Draw the opened item; say so if there is none of that name in sight."""
    one = board()
    if filters.current().item is None:
        return
    item = one.opened
    if item is None:
        draw(element("p", one.seen.t("needs.unknown"), class_="td-notice td-warn"))
        return
    title = f"{one.flow.code(item.number)} · {item.text('title')}"
    draw(element("h2", title, class_="td-section tdw-title", id="tdw-opened"))
    draw(element("p", item.text("description"), class_="tdw-text"))
    draw(element("dl", *_facts(item, one), class_="td-facts"))
    if item.number in one.judged:
        _evaluation(one.judged[item.number], one)
    _timeline(item, one)


def _facts(item: Item, one: Board) -> list[Markup]:
    words, t = one.words, one.seen.t
    stay = item.stays[-1]
    in_stage = words.days(stay.days(words.now))
    whose = loaders.area_name(item.province, language=one.seen.language, vintage=VINTAGE) if (
        item.province
    ) else t("needs.nation")  # fmt: skip
    rows: list[tuple[str, Child]] = [
        (t("needs.state"), element("span", words.state(item.state), " · ", in_stage)),
        (t("needs.field_platform"), words.platform(item.text("platform"))),
    ]
    if one.key == NEEDS_BOARD:
        rows += [
            (t("needs.field_priority"), words.code(item.text("priority"))),
            (t("needs.field_owner"), item.text("owner") or None),
            (t("needs.field_due"), due_text(item, words)),
            (t("needs.rounds_so_far"), str(rounds(item))),
            (t("needs.raised_by"), whose),
        ]
    else:
        rows += [(words.field(name), item.text(name) or None)
                 for name in ("organisation", "country", "group", "chair", "place")]  # fmt: skip
    links = item.fields.get("links", ())
    rows.append((t("needs.field_links"), _links(links) if links else None))
    return [element("div", element("dt", name), element("dd", value))
            for name, value in rows if value is not None]  # fmt: skip


def _links(links: str | tuple[str, ...]) -> Markup:
    listed = (links,) if isinstance(links, str) else links
    # Only http and https are kept; the page that opens learns nothing of where it came from.
    return join(
        element("a", text, href=text, rel="noopener noreferrer nofollow", target="_blank",
                class_="tdw-link")
        for text in listed
    )  # fmt: skip


# --- evaluation -----------------------------------------------------------------------------------


def _evaluation(found: Evaluation, one: Board) -> None:
    words, t = one.words, one.seen.t
    if found.pending:
        text = t("needs.pending_is", outcome=words.state(found.pending.outcome),
                 who=found.pending.account, reason=found.pending.reason)  # fmt: skip
        draw(element("p", text, class_="td-notice td-warn"))
    sheets = [sheet for sheet in found.sheets.values() if sheet.evaluators]
    if not sheets:
        return
    draw(element("h3", t("needs.evaluation"), class_="td-part"))
    rows = [_sheet_row(sheet, found, one) for sheet in sheets]
    names = ("stage", "weight", "evaluators", "conflicts", "scores_in", "points")
    heads = tuple(t(f"needs.{name}") for name in names)
    draw(table(heads, rows, caption=t("needs.evaluation"), numeric=(1, 4, 5), wide=True))
    total = found.total()
    if total is not None:
        draw(element("p", t("needs.total", n=words.exact_days(total)), class_="td-say"))
    for sheet in sheets:
        _reasons(sheet, one)


def _sheet_row(sheet: Sheet, found: Evaluation, one: Board) -> tuple[Child, ...]:
    words, t = one.words, one.seen.t
    undeclared = [who for who in sheet.evaluators if not found.has_declared(who)]
    said = [t("needs.has_conflict", who=who) for who in sheet.barred]
    said += [t("needs.undeclared", who=who) for who in undeclared]
    total = sheet.total()
    n_asked = len(sheet.evaluators) - len(sheet.barred)
    return (
        words.state(sheet.state),
        formatting.percent(stages()[sheet.state].weight, language=words.language, decimals=0),
        ", ".join(sheet.evaluators),
        "; ".join(said) or t("needs.no_conflict"),
        f"{len(sheet.done)}/{n_asked}",
        words.exact_days(total) if total is not None else t("needs.hidden"),
    )


def _reasons(sheet: Sheet, one: Board) -> None:
    """Draw points and reasons by evaluator and criterion: all of an open sheet, else one's own."""
    if not sheet.scores:
        return
    words, t = one.words, one.seen.t
    rows = [
        (score.account, t(f"needs.criterion_{key}"), f"{score.points[key]:g}", score.why[key])
        for score in sheet.scores
        for key in stages()[sheet.state].criteria
        if key in score.points
    ]
    heads = tuple(t(f"needs.{name}") for name in
                  ("evaluator", "criterion", "points", "field_reason"))  # fmt: skip
    name = words.state(sheet.state)
    draw(
        element(
            "details",
            element("summary", t("needs.reasons_of", name=name)),
            table(heads, rows, caption=name, numeric=(2,), wide=True),
            class_="td-why",
        )
    )


# --- history --------------------------------------------------------------------------------------


def _timeline(item: Item, one: Board) -> None:
    draw(element("h3", one.seen.t("needs.history"), class_="td-part"))
    steps = [_step(step, item, one) for step in reversed(item.steps)]
    draw(element("ol", *steps, class_="tdw-steps"))


def _step(step: Step, item: Item, one: Board) -> Markup:
    words = one.words
    before = item.steps[step.version - 2].state if step.version > 1 else ""
    moved = step.state != before
    place = loaders.area_name(item.province, language=one.seen.language, vintage=VINTAGE)
    name = place if step.role is Role.PROVINCE else ""
    return element(
        "li",
        element("b", words.state(step.state) if moved else words.way(step.action)),
        element("small", words.moment(step.at), " · ", step.account, " · ",
                one.seen.t(f"role.{step.role}", name=name)),
        *(_score_said(step, one) if step.action == SCORE else _said(step, one)),
        class_="tdw-moved" if moved else None,
    )  # fmt: skip


def _said(step: Step, one: Board) -> list[Markup]:
    """Return what was filled in, in the order of the form."""
    return [
        element("p", element("small", one.words.field(field.name), ": "),
                _value(field, step.content[field.name], one))
        for field in one.flow.ways[step.action].fields
        if field.name in step.content
    ]  # fmt: skip


def _score_said(step: Step, one: Board) -> list[Markup]:
    """Return points and reasons, a line for each criterion; nothing of them while hidden."""
    if not step.content:
        return [element("p", one.seen.t("needs.hidden_until"))]
    said = {name: str(value) for name, value in step.content.items()}
    return [
        element("p", element("small", one.seen.t(f"needs.criterion_{key}"), ": "),
                f"{said[SCORED + key]} – {said[WHY + key]}")
        for key in stages()[step.state].criteria
        if SCORED + key in said
    ]  # fmt: skip


def _value(field: Field, value: str | tuple[str, ...], one: Board) -> Child:
    if isinstance(value, tuple):
        return _links(value) if field.takes is Takes.LINKS else ", ".join(value)
    return one.words.value(field, value)
