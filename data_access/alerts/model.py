"""What a rule, an alert, its evidence and its steps are. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from data_access.codes import Level
from data_access.errors import BadUse, DataAccessError


class AlertRefused(DataAccessError):
    """The step may not be taken from where the alert stands; nothing was changed."""


class AlertMoved(AlertRefused):
    """Somebody else changed the alert since it was read; nothing was changed."""


class UnknownAlert(BadUse):
    """There is no such alert, or none that this viewer may know of."""


class Severity(StrEnum):
    """How much it matters, the most first."""

    SERIOUS = "serious"
    WARNING = "warning"
    INFO = "info"


class State(StrEnum):
    """Where an alert stands."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    CLOSED = "closed"


OPEN = tuple(state for state in State if state is not State.CLOSED)


class Action(StrEnum):
    """What is done with an alert. Only the program raises."""

    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    ESCALATE = "escalate"
    NOTE = "note"
    CLOSE = "close"


class Kind(StrEnum):
    """How a rule judges a day."""

    THRESHOLD = "threshold"
    C1 = "c1"
    C2 = "c2"
    C3 = "c3"
    FARRINGTON = "farrington"


class Comparison(StrEnum):
    """On which side of its limit a threshold rule speaks."""

    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"

    def holds(self, value: float, limit: float) -> bool:
        """Return whether a value lies on that side of a limit."""
        match self:
            case Comparison.AT_LEAST:
                return value >= limit
            case Comparison.ABOVE:
                return value > limit
            case Comparison.AT_MOST:
                return value <= limit
        return value < limit


class Standing(StrEnum):
    """What came of the newest day that a rule judged in an area."""

    CLEAR = "clear"
    ALARM = "alarm"
    INSUFFICIENT = "insufficient"


class Doubt(StrEnum):
    """Why a day is not judged."""

    SILENT = "silent"
    PARTIAL = "partial"
    NOT_REPORTED = "not_reported"
    NOT_DUE = "not_due"
    NOT_SYNCHRONISED = "not_synchronised"
    INCOMPLETE = "incomplete"
    NO_BASELINE = "no_baseline"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule, as its file says it.

    Attributes:
        key: id.
        version: raised when the rule judges otherwise; evidence keeps it.
        kind: how it judges.
        indicator: id of what it watches.
        level: level of its areas.
        areas: codes; empty: every area of the level.
        severity: of its alerts.
        since: first day it judges.
        until: last day; None: it still does.
        vi: name in Vietnamese.
        en: name in English.
        why_vi: what it is for, and on what it rests, in Vietnamese.
        why_en: the same in English.
        comparison: side of the limit, for a threshold.
        limit: in the indicator's unit, for a threshold.
        days: consecutive days that must speak.
        alpha: share of ordinary days that may be called aberrant (Farrington).
        least: a statistical rule is quiet below this value: two cases after none are no outbreak.
        again_days: a new alert so soon after one was closed is linked to it.
    """

    key: str
    version: int
    kind: Kind
    indicator: str
    level: Level
    severity: Severity
    since: date
    vi: str
    en: str
    why_vi: str
    why_en: str
    areas: tuple[str, ...] = ()
    until: date | None = None
    comparison: Comparison = Comparison.AT_LEAST
    limit: float = 0.0
    days: int = 1
    alpha: float = 0.005
    least: float = 0.0
    again_days: int = 14

    def is_in_force(self, day: date) -> bool:
        """Return whether the rule judges a day."""
        return self.since <= day and (self.until is None or day <= self.until)

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return self.en if language == "en" else self.vi

    def why(self, language: str) -> str:
        """Return what it is for in a language."""
        return self.why_en if language == "en" else self.why_vi


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A day that speaks, with the numbers that made it.

    Attributes:
        day: which.
        value: of the day, in the indicator's unit.
        baseline: what was to be expected; None: a threshold expects nothing.
        spread: standard deviation around it.
        bound: the value from which a day speaks.
        statistic: what was compared with the method's limit; for a threshold the value.
        n_days: days it rests on.
        rule_version: version of the rule that judged.
    """

    day: date
    value: float
    baseline: float | None
    spread: float | None
    bound: float
    statistic: float
    n_days: int
    rule_version: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """An area as alerts know it.

    Attributes:
        code: of the area.
        vintage: edition of the map.
        province: code of the province it lies in; empty for the nation.
    """

    code: str
    vintage: str
    province: str


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What came of the newest day of a rule in an area.

    Attributes:
        day: the newest day judged.
        state: what came of it.
        reason: why it could not be judged; empty where it could.
    """

    day: date
    state: Standing
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alert as it stands. Attributes as the columns of the table `alert`, decoded."""

    alert_id: int
    rule: str
    rule_version: int
    indicator: str
    severity: Severity
    area_code: str
    vintage: str
    province: str
    state: State
    version: int
    raised_at: datetime
    first_day: date
    last_day: date
    assignee: str
    closed_at: datetime | None
    previous: int | None

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.state is not State.CLOSED


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that was done with an alert.

    Attributes:
        seq: its number within the alert, from 1.
        at: when.
        action: what.
        state: where the alert stood afterwards.
        account: who; `system` for the program.
        role: in which role.
        assignee: to whom it was given; empty: to nobody in this step.
        note: what they wrote.
    """

    seq: int
    at: datetime
    action: Action
    state: State
    account: str
    role: str
    assignee: str
    note: str
