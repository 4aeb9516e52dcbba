"""The life of a proposal, as data, and what a step needs beyond its state and role. Pure.

States by DOMAIN §7. The main line ends in a pilot and a decision; a refusal, a postponement or the
organisation's own withdrawal may come at any point after reception. Whatever is decided needs a
reason and a second person, neither of whom has a conflict of interest.
"""

from data_access.actor import Actor
from data_access.codes import PLATFORMS, Role
from data_access.proposals.criteria import HIGHEST, LOWEST, stages
from data_access.proposals.scoring import (
    ASSIGN,
    CONFIRM,
    DECIDE,
    DECLARE,
    NO,
    OBJECT,
    OPEN_SCORES,
    REASSIGN,
    SCORE,
    SCORED,
    WHY,
    YES,
    Evaluation,
    evaluation,
)
from data_access.workflow.fields import Content, Field, FieldsRefused, Takes
from data_access.workflow.model import (
    OPEN,
    Flow,
    Item,
    StepRefused,
    Way,
    same_account,
    ways_by_name,
)

TIEP_NHAN, SANG_LOC, GIAO_NHOM = "tiep_nhan", "sang_loc", ASSIGN
KY_THUAT, Y_TE, AN_TOAN = "tham_dinh_ky_thuat", "tham_dinh_y_te", "an_toan_thong_tin"
THI_DIEM = "thi_diem"
CHAP_NHAN, TICH_HOP, TU_CHOI = "chap_nhan", "tich_hop", "tu_choi"
TAM_HOAN, RUT = "tam_hoan", "rut"
EVALUATED = (KY_THUAT, Y_TE, AN_TOAN)
MAIN = (TIEP_NHAN, SANG_LOC, GIAO_NHOM, *EVALUATED, THI_DIEM)
ACCEPTING = (CHAP_NHAN, TICH_HOP)
DECIDED = (*ACCEPTING, TU_CHOI, TAM_HOAN)
ENDS = frozenset({*DECIDED, RUT})
STATES = (*MAIN, *DECIDED, RUT)
EVERY_PLATFORM = "all"

DESK = frozenset({Role.NATIONAL, Role.OPERATOR})
EVALUATORS = DESK | {Role.STEWARD}

_NOTE = Field(name="note", takes=Takes.TEXT)
_MAY_NOTE = Field(name="note", takes=Takes.TEXT, required=False)
_REASON = Field(name="reason", takes=Takes.TEXT)
_ABOUT = (
    Field(name="title", takes=Takes.LINE, kept=True),
    Field(name="organisation", takes=Takes.LINE, kept=True),
    Field(name="country", takes=Takes.LINE, kept=True),
    Field(name="platform", takes=Takes.CHOICE, choices=(*PLATFORMS, EVERY_PLATFORM), kept=True),
    Field(name="description", takes=Takes.TEXT, kept=True),
    Field(name="links", takes=Takes.LINKS, required=False, kept=True),
)
_GROUP = (
    Field(name="group", takes=Takes.LINE, kept=True),
    Field(name="chair", takes=Takes.LINE, kept=True),
    *(Field(name=stage.field, takes=Takes.ACCOUNTS, kept=True) for stage in stages().values()),
)
_PILOT = (
    Field(name="place", takes=Takes.LINE, kept=True),
    Field(name="until", takes=Takes.DAY, kept=True, ahead=True),
)
_POINTS = tuple(str(n) for n in range(LOWEST, HIGHEST + 1))


def _way(
    name: str,
    sources: tuple[str, ...],
    *fields: Field,
    targets: tuple[str, ...] = (),
    roles: frozenset[Role] = DESK,
    shared: bool = False,
) -> Way:
    return Way(name=name, sources=frozenset(sources), targets=targets, roles=roles, fields=fields,
               shared=shared)  # fmt: skip


def _move(target: str, source: str, *fields: Field) -> Way:
    return _way(target, (source,), *fields, targets=(target,))


WAYS = ways_by_name(
    _way(OPEN, (), *_ABOUT, targets=(TIEP_NHAN,)),
    _move(SANG_LOC, TIEP_NHAN, _MAY_NOTE),
    _move(GIAO_NHOM, SANG_LOC, *_GROUP, _MAY_NOTE),
    _move(KY_THUAT, GIAO_NHOM, _MAY_NOTE),
    _move(Y_TE, KY_THUAT, _MAY_NOTE),
    _move(AN_TOAN, Y_TE, _MAY_NOTE),
    _move(THI_DIEM, AN_TOAN, *_PILOT, _MAY_NOTE),
    _way(
        DECLARE, MAIN[1:],
        Field(name="conflict", takes=Takes.CHOICE, choices=(NO, YES)),
        Field(name="what", takes=Takes.TEXT, required=False),
        roles=EVALUATORS, shared=True,
    ),
    _way(SCORE, EVALUATED, roles=EVALUATORS, shared=True),
    _way(OPEN_SCORES, EVALUATED, _REASON, roles=EVALUATORS),
    _way(CONFIRM, MAIN[1:], _MAY_NOTE, targets=DECIDED),
    _way(OBJECT, MAIN[1:], _REASON),
    _way(
        DECIDE, MAIN[1:], Field(name="outcome", takes=Takes.CHOICE, choices=DECIDED), _REASON,
    ),
    _way(REASSIGN, (GIAO_NHOM, *EVALUATED), *_GROUP, _REASON),
    _way(RUT, MAIN, _REASON, targets=(RUT,)),
    _way("comment", STATES, _NOTE, roles=EVALUATORS, shared=True),
)  # fmt: skip


def _fields_of(item: Item | None, way: Way) -> tuple[Field, ...]:
    if way.name == SCORE and item is not None and item.state in stages():
        return score_fields(item.state)
    return way.fields


def score_fields(state: str) -> tuple[Field, ...]:
    """Return what an evaluator fills in: points and a reason for each criterion of a stage."""
    return tuple(
        one
        for key in stages()[state].criteria
        for one in (
            Field(name=f"{SCORED}{key}", takes=Takes.CHOICE, choices=_POINTS),
            Field(name=f"{WHY}{key}", takes=Takes.TEXT),
        )
    )


def _target_of(item: Item, way: Way) -> str:
    if way.name == CONFIRM:
        waiting = evaluation(item).pending
        return waiting.outcome if waiting else item.state
    return way.targets[0] if way.targets else item.state


def _guard(item: Item, way: Way, actor: Actor, content: Content) -> None:
    """Raise where a step needs more; `content` is empty while it is not filled in yet."""
    found = evaluation(item)
    _require_nothing_waits(way, found)
    if way.name in _GUARDS:
        _GUARDS[way.name](item, found, actor, content)
    elif item.state in EVALUATED and way.targets and way.name != RUT:
        _require_scores(item, found)


def _require_nothing_waits(way: Way, found: Evaluation) -> None:
    if found.pending and way.name not in (CONFIRM, OBJECT, "comment", RUT, DECLARE):
        raise StepRefused("a decision waits for a second person", why="pending")


def _require_scores(item: Item, found: Evaluation) -> None:
    if not found.sheets[item.state].is_open:
        raise StepRefused("the scores of this evaluation are not all in", why="scores")


def _declare(item: Item, found: Evaluation, actor: Actor, content: Content) -> None:
    del item
    if found.is_barred(actor.account):
        raise StepRefused("a declared conflict of interest is not taken back", why="conflict")
    if content.get("conflict") == YES and not content.get("what"):
        raise FieldsRefused({"what": "missing"})


def _score(item: Item, found: Evaluation, actor: Actor, content: Content) -> None:
    del content
    sheet = found.sheets[item.state]
    if not any(same_account(one, actor.account) for one in sheet.evaluators):
        raise StepRefused("only who was assigned scores", why="not_assigned")
    if not found.has_declared(actor.account):
        raise StepRefused("who scores first says whether they have a conflict", why="undeclared")
    if found.is_barred(actor.account):
        raise StepRefused("a declared conflict of interest bars this evaluator", why="conflict")
    if sheet.is_open:
        raise StepRefused("the scores are open: none is changed any more", why="scores_open")


def _open_scores(item: Item, found: Evaluation, actor: Actor, content: Content) -> None:
    del content
    sheet = found.sheets[item.state]
    if not same_account(found.chair, actor.account):
        raise StepRefused("only the chair opens scores", why="not_chair")
    if found.is_barred(actor.account):
        raise StepRefused("a declared conflict of interest bars the chair", why="conflict")
    if sheet.is_open or not sheet.done:
        raise StepRefused("there is nothing to open", why="scores_open")


def _decide(item: Item, found: Evaluation, actor: Actor, content: Content) -> None:
    if found.is_barred(actor.account):
        raise StepRefused("a declared conflict of interest bars from deciding", why="conflict")
    if content.get("outcome") in ACCEPTING and item.state != THI_DIEM:
        raise FieldsRefused({"outcome": "no_pilot"})


def _second(item: Item, found: Evaluation, actor: Actor, content: Content) -> None:
    del item, content
    if found.pending is None:
        raise StepRefused("no decision waits for a second person", why="no_decision")
    if same_account(found.pending.account, actor.account):
        raise StepRefused("who decided does not confirm it: a second person does", why="second")
    if found.is_barred(actor.account):
        raise StepRefused("a declared conflict of interest bars from deciding", why="conflict")


def _reassign(item: Item, found: Evaluation, actor: Actor, content: Content) -> None:
    """Evaluators of scores that are open stay: who came later would have seen them."""
    del actor
    if item.state in EVALUATED and found.sheets[item.state].is_open:
        raise StepRefused("the scores are open: the group stays", why="scores_open")
    changed = [
        sheet.state for sheet in found.sheets.values()
        if content and sheet.is_open
        and content.get(stages()[sheet.state].field) != sheet.evaluators
    ]  # fmt: skip
    if changed:
        raise FieldsRefused({stages()[state].field: "scores_open" for state in changed})


_GUARDS = {
    DECLARE: _declare, SCORE: _score, OPEN_SCORES: _open_scores, DECIDE: _decide,
    CONFIRM: _second, OBJECT: _second, REASSIGN: _reassign,
}  # fmt: skip

PROPOSALS = Flow(
    kind="proposal", letter="P", states=STATES, ends=ENDS, ways=WAYS, provinces_see=False,
    guard=_guard, fields_of=_fields_of, target_of=_target_of,
)  # fmt: skip
