"""The page of needs and proposals: what stands where, the board, the figures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import streamlit as st

from dashboard import downloads, filters, formatting, loaders_needs, resources, work
from dashboard.components import download
from dashboard.components.markup import Markup, draw, element, join
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.view import write_view
from dashboard.work import NEEDS_BOARD, OVERDUE, PROPOSALS_BOARD, Words
from data_access.codes import PLATFORMS, Role
from data_access.needs import figures as need_figures
from data_access.needs.flow import due, rounds
from data_access.proposals import figures as proposal_figures
from data_access.proposals.scoring import Evaluation
from data_access.workflow.model import Flow, Item

PAGE = "needs"
ADDRESS = ("board", "platform", "state", "item", "items")


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the page shows.

    Attributes:
        seen: who looks.
        words: how codes are said.
        key: which board.
        flow: of its items.
        every: all items in sight.
        judged: number → evaluation; empty for needs.
    """

    seen: Context
    words: Words
    key: str
    flow: Flow
    every: list[Item]
    judged: dict[int, Evaluation]

    @property
    def opened(self) -> Item | None:
        """The item that is opened, if it is in sight."""
        code = filters.current().item
        return next((one for one in self.every if self.flow.code(one.number) == code), None)

    @property
    def listed(self) -> list[Item]:
        """The items that the filters leave."""
        view = filters.current()
        return work.chosen(self.every, self.words, platform=view.platform, state=view.state)


def boards(seen: Context) -> tuple[str, ...]:
    """Return the boards that a role sees: proposals are no province's."""
    if seen.viewer.role is Role.PROVINCE:
        return (NEEDS_BOARD,)
    return (NEEDS_BOARD, PROPOSALS_BOARD)


def board() -> Board:
    """Return what the page shows now."""
    seen = look(PAGE)
    now = loaders_needs.present(seen.viewer).now
    words = Words(t=seen.t, language=seen.language, zone=seen.zone, now=now)
    wanted = filters.current().board
    key = wanted if wanted in boards(seen) else NEEDS_BOARD
    judged: dict[int, Evaluation] = {}
    if key == NEEDS_BOARD:
        every = loaders_needs.needs(viewer=seen.viewer)
    else:
        found = loaders_needs.proposals(viewer=seen.viewer)
        every = [item for item, _ in found]
        judged = {item.number: evaluation for item, evaluation in found}
    return Board(seen=seen, words=words, key=key, flow=work.FLOWS[key], every=every, judged=judged)


# --- on top ---------------------------------------------------------------------------------------


@section("needs_sentence")
def sentence_section() -> None:
    """Draw the sentence: how many are open, how many late, what waits for the longest."""
    one = board()
    text = _of_needs(one) if one.key == NEEDS_BOARD else _of_proposals(one)
    draw(element("p", text, class_="td-lede"))


def _of_needs(one: Board) -> str:
    found, t = need_figures.figures(one.every, now=one.words.now, zone=one.seen.zone), one.seen.t
    if not found.n:
        return t("needs.none")
    told = [t("needs.open_said", n=found.n_open, all=found.n)]
    told.append(t("needs.overdue_said", n=found.n_overdue) if found.n_overdue
                else t("needs.none_overdue"))  # fmt: skip
    if found.oldest is not None:
        told.append(t("needs.oldest_said", code=one.flow.code(found.oldest),
                      days=one.words.days(found.oldest_days)))  # fmt: skip
    return " ".join(told)


def _of_proposals(one: Board) -> str:
    found, t = proposal_figures.figures(one.every, now=one.words.now), one.seen.t
    if not found.n:
        return t("needs.no_proposals")
    waiting = sum(evaluation.pending is not None for evaluation in one.judged.values())
    told = [t("needs.proposals_said", n=found.n_open, all=found.n)]
    if waiting:
        told.append(t("needs.pending_said", n=waiting))
    if found.oldest is not None:
        told.append(t("needs.oldest_said", code=one.flow.code(found.oldest),
                      days=one.words.days(found.oldest_days)))  # fmt: skip
    return " ".join(told)


def controls() -> None:
    """Offer board, platform, state and item; each is in the address."""
    one = board()
    seen, t, words = one.seen, one.seen.t, one.words
    states = (None, *([OVERDUE] if one.key == NEEDS_BOARD else []), *one.flow.states)
    codes = {one.flow.code(item.number): item.text("title") for item in one.every}
    with st.container(horizontal=True, vertical_alignment="bottom", key="td_filters"):
        filters.choice("board", label=t("needs.board"), options=boards(seen),
                       format_option=lambda key: t(f"needs.board_{key}"))  # fmt: skip
        filters.choice(
            "platform", label=t("needs.field_platform"), options=(None, *PLATFORMS),
            format_option=lambda key: words.platform(key) if key else t("needs.every_platform"),
        )  # fmt: skip
        filters.choice("state", label=t("needs.state"), options=states,
                       format_option=lambda key: _state_label(key, words))  # fmt: skip
        filters.choice(
            "item", label=t("needs.open_item"), options=(None, *codes),
            format_option=lambda code: f"{code} · {codes[code]}" if code else t("needs.no_item"),
        )  # fmt: skip


def _state_label(state: str | None, words: Words) -> str:
    if state is None:
        return words.t("needs.every_state")
    return words.t("needs.overdue") if state == OVERDUE else words.state(state)


# --- the board ------------------------------------------------------------------------------------


@section("needs_board")
def board_section() -> None:
    """Draw the board: a column for each state; on a phone one list under the other."""
    one = board()
    draw(element("h2", one.seen.t(f"needs.board_{one.key}"), class_="td-section"))
    if not one.every:
        draw(element("p", one.seen.t("needs.nothing_yet"), class_="td-absent"))
        return
    listed = one.listed
    if not listed:
        draw(element("p", one.seen.t("needs.nothing_fits"), class_="td-absent"))
        return
    states = [state for state in one.flow.states if _is_shown(state, one, listed)]
    columns = [_column(state, one, listed) for state in states]
    label = one.seen.t(f"needs.board_{one.key}")
    draw(element("div", *columns, class_="tdw-board", role="region", aria_label=label, tabindex=0))


def _is_shown(state: str, one: Board, listed: Sequence[Item]) -> bool:
    """Return whether a column is drawn: ends that nothing came to would only be in the way."""
    return state not in one.flow.ends or any(item.state == state for item in listed)


def _column(state: str, one: Board, listed: Sequence[Item]) -> Markup:
    there = work.in_order([item for item in listed if item.state == state], one.words)
    head = element("h3", one.words.state(state), " ", element("span", str(len(there))))
    cards = [element("li", _card(item, one)) for item in there]
    none = element("p", "–", class_="tdw-none", aria_hidden="true")
    return element("section", head, element("ul", *cards) if cards else none,
                   class_="tdw-column" if cards else "tdw-column tdw-empty")  # fmt: skip


def _card(item: Item, one: Board) -> Markup:
    words, t = one.words, one.seen.t
    code, late = one.flow.code(item.number), words.is_overdue(item)
    about = [words.platform(item.text("platform"))]
    about += [item.text("organisation")] if item.text("organisation") else []
    priority = item.text("priority")
    urgent = element("b", words.code(priority), class_=f"tdw-{priority}") if priority else None
    age = t("needs.in_stage", days=words.days(item.stays[-1].days(words.now)))
    marks = [
        element("em", t("needs.overdue"), class_="tdw-late") if late else None,
        element("em", t("needs.round", n=rounds(item))) if rounds(item) > 1 else None,
        element("em", t("needs.waits_second")) if _waits(item, one) else None,
    ]
    marked = element("span", *marks, class_="tdw-marks") if any(marks) else None
    is_open = code == filters.current().item
    return element(
        "a",
        element("small", code, " ", urgent),
        element("strong", item.text("title")),
        element("span", " · ".join(about)),
        element("span", age),
        marked,
        class_="tdw-card tdw-is-late" if late else "tdw-card",
        href=link(item, one), target="_self", aria_current="true" if is_open else None,
    )  # fmt: skip


def _waits(item: Item, one: Board) -> bool:
    return item.number in one.judged and one.judged[item.number].pending is not None


def link(item: Item, one: Board) -> str:
    """Return the address of an item: this view, with it opened."""
    view = replace(filters.current(), board=one.key, item=one.flow.code(item.number))
    return f"{PAGE}?{urlencode(write_view(view, names=ADDRESS))}"


# --- figures --------------------------------------------------------------------------------------


@section("needs_figures")
def figures_section() -> None:
    """Draw the figures as cards, by state as a table, and offer the items as a file."""
    one = board()
    if not one.every:
        return
    t, words = one.seen.t, one.words
    draw(element("h2", t("needs.figures"), class_="td-section"))
    if one.key == NEEDS_BOARD:
        of_needs = need_figures.figures(one.every, now=words.now, zone=one.seen.zone)
        cards, states = _need_cards(of_needs, one), of_needs.states
    else:
        of_proposals = proposal_figures.figures(one.every, now=words.now)
        cards, states = _proposal_cards(of_proposals, one), of_proposals.states
    draw(element("div", *cards, class_="td-cards", role="list"))
    names = ("state", "n_now", "n_stays", "median_days", "oldest", "oldest_days")
    heads = tuple(t(f"needs.{name}") for name in names)
    draw(table(heads, work.state_rows(one.flow, states, words), caption=t("needs.by_state"),
               numeric=(1, 2, 3, 5), wide=True))  # fmt: skip
    draw(element("p", t("needs.method"), class_="td-when"))
    listed = work.table_of(one.flow, one.listed, words)
    download.offer(
        t("map.download"), lambda: downloads.plain_csv(listed),
        file_name=resources.file_name(f"{one.key}.csv", t=t), key="needs_csv",
    )  # fmt: skip


def _need_cards(found: need_figures.NeedFigures, one: Board) -> list[Markup]:
    t, words, language = one.seen.t, one.words, one.seen.language
    mean = found.mean_rounds
    share = found.first_pass
    return [
        _figure(t("needs.open"), str(found.n_open), t("needs.of_all", n=found.n)),
        _figure(t("needs.overdue"), str(found.n_overdue), t("needs.overdue_about")),
        _figure(t("needs.lead"), words.exact_days(found.lead_days),
                t("needs.lead_about", n=found.n_live)),
        _figure(t("needs.rounds"),
                "–" if mean is None else formatting.number(mean, language=language, decimals=1),
                t("needs.rounds_about", n=found.n_accepted)),
        _figure(t("needs.first_pass"),
                "–" if share is None else formatting.percent(share, language=language, decimals=0),
                t("needs.first_pass_about", n=found.n_accepted)),
    ]  # fmt: skip


def _proposal_cards(found: proposal_figures.ProposalFigures, one: Board) -> list[Markup]:
    t, words, language = one.seen.t, one.words, one.seen.language
    share = found.acceptance
    return [
        _figure(t("needs.open"), str(found.n_open), t("needs.of_all", n=found.n)),
        _figure(t("needs.decision"), words.exact_days(found.decision_days),
                t("needs.decision_about", n=found.n_decided)),
        _figure(t("needs.acceptance"),
                "–" if share is None else formatting.percent(share, language=language, decimals=0),
                t("needs.acceptance_about", n=found.n_accepted, all=found.n_decided)),
    ]  # fmt: skip


def _figure(name: str, value: str, about: str) -> Markup:
    return element(
        "div",
        element("h3", name),
        element("p", element("strong", value), class_="td-value"),
        element("p", about, class_="td-when"),
        class_="td-card", role="listitem",
    )  # fmt: skip


def due_text(item: Item, words: Words) -> Markup | None:
    """Return by when a need is to be in use, marked if that day is over."""
    day = due(item)
    if day is None:
        return None
    text = formatting.day(day, language=words.language)
    late = element("em", words.t("needs.overdue"), class_="tdw-late")
    return join([text, " ", late if words.is_overdue(item) else None])
