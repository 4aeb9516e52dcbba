"""The life of a need, as data. Pure.

States by DOMAIN §7: proposed, accepted, designed, built, reviewed and reworked until it fits,
accepted as built, rolled out, closed. The health ministry and provinces raise needs, the
ministry of information and communications (the operator of the platforms) has them built, the
health ministry reviews: the roles `national`, `province` and `operator` stand for them.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from data_access.codes import PLATFORMS, Role
from data_access.workflow.fields import Field, Takes
from data_access.workflow.model import OPEN, Flow, Item, Way, ways_by_name

DE_XUAT, TIEP_NHAN, THIET_KE, XAY_DUNG = "de_xuat", "tiep_nhan", "thiet_ke", "xay_dung"
GOP_Y, SUA, NGHIEM_THU = "gop_y", "sua", "nghiem_thu"
TRIEN_KHAI, DONG = "trien_khai", "dong"
STATES = (
    DE_XUAT, TIEP_NHAN, THIET_KE, XAY_DUNG, GOP_Y, SUA, NGHIEM_THU, TRIEN_KHAI, DONG,
)  # fmt: skip
NOT_LIVE = frozenset(STATES) - {TRIEN_KHAI, DONG}
EVERY_PLATFORM = "all"
PRIORITIES = ("urgent", "high", "normal")

MINISTRY = frozenset({Role.NATIONAL})
BUILDERS = frozenset({Role.OPERATOR})
RAISERS = frozenset({Role.NATIONAL, Role.PROVINCE})
TALKERS = RAISERS | BUILDERS

_ABOUT = (
    Field(name="title", takes=Takes.LINE, kept=True),
    Field(name="description", takes=Takes.TEXT, kept=True),
    Field(name="platform", takes=Takes.CHOICE, choices=(*PLATFORMS, EVERY_PLATFORM), kept=True),
    Field(name="priority", takes=Takes.CHOICE, choices=PRIORITIES, kept=True),
    Field(name="links", takes=Takes.LINKS, required=False, kept=True),
)
_PLAN = (
    Field(name="owner", takes=Takes.LINE, kept=True),
    Field(name="due", takes=Takes.DAY, kept=True, ahead=True),
)
_REASON = Field(name="reason", takes=Takes.TEXT)
_NOTE = Field(name="note", takes=Takes.TEXT)
_MAY_NOTE = Field(name="note", takes=Takes.TEXT, required=False)
_EVIDENCE = Field(name="evidence", takes=Takes.LINKS, required=False)


def _move(target: str, sources: tuple[str, ...], roles: frozenset[Role], *fields: Field) -> Way:
    return Way(name=target, sources=frozenset(sources), targets=(target,), roles=roles,
               fields=fields)  # fmt: skip


WAYS = ways_by_name(
    Way(name=OPEN, sources=frozenset(), targets=(DE_XUAT,), roles=RAISERS, fields=_ABOUT),
    _move(TIEP_NHAN, (DE_XUAT,), BUILDERS, *_PLAN, _MAY_NOTE),
    _move(THIET_KE, (TIEP_NHAN,), BUILDERS, _MAY_NOTE),
    _move(XAY_DUNG, (THIET_KE,), BUILDERS, _MAY_NOTE),
    _move(GOP_Y, (XAY_DUNG, SUA), BUILDERS, _NOTE, _EVIDENCE),
    _move(SUA, (GOP_Y,), MINISTRY, _REASON),
    _move(NGHIEM_THU, (GOP_Y,), MINISTRY, _NOTE, _EVIDENCE),
    _move(TRIEN_KHAI, (NGHIEM_THU,), BUILDERS, _NOTE, _EVIDENCE),
    _move(DONG, (TRIEN_KHAI,), MINISTRY, _MAY_NOTE),
    Way(name="plan", sources=NOT_LIVE - {DE_XUAT}, targets=(), roles=BUILDERS,
        fields=(*_PLAN, _REASON)),
    Way(name="amend", sources=frozenset({DE_XUAT, TIEP_NHAN, THIET_KE}), targets=(),
        roles=RAISERS, fields=(*_ABOUT, _REASON)),
    Way(name="comment", sources=frozenset(STATES), targets=(), roles=TALKERS,
        fields=(_NOTE, _EVIDENCE), shared=True),
)  # fmt: skip

NEEDS = Flow(
    kind="need", letter="N", states=STATES, ends=frozenset({DONG}), ways=WAYS, provinces_see=True
)


def due(item: Item) -> date | None:
    """Return the day by which a need is to be in use; None as long as nobody said one."""
    text = item.text("due")
    return date.fromisoformat(text) if text else None


def is_overdue(item: Item, *, now: datetime, zone: str) -> bool:
    """Return whether the day is over by which a need that is not in use was to be."""
    day = due(item)
    return (
        item.state in NOT_LIVE and day is not None and now.astimezone(ZoneInfo(zone)).date() > day
    )


def rounds(item: Item) -> int:
    """Return how many times a need was handed over for review."""
    return item.times(GOP_Y)
