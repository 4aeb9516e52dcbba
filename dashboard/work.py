"""Words and tables of needs and proposals. Pure.

Names made from codes: `needs.state_<state>`, `needs.way_<way>`, `needs.field_<field>`,
`needs.fault_<fault>`, `needs.why_<reason>`, `needs.criterion_<criterion>`, `needs.value_<value>`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from data_access.needs.figures import StateFigures
from data_access.needs.flow import NEEDS, NOT_LIVE, PRIORITIES, due, is_overdue, rounds
from data_access.proposals.flow import PROPOSALS
from data_access.proposals.scoring import SCORED, WHY
from data_access.reader import Schema
from data_access.workflow.fields import Field, Takes
from data_access.workflow.model import Flow, Item, Way

NEEDS_BOARD, PROPOSALS_BOARD = "needs", "proposals"
OVERDUE = "overdue"
FLOWS: dict[str, Flow] = {NEEDS_BOARD: NEEDS, PROPOSALS_BOARD: PROPOSALS}
VALUES = frozenset({*PRIORITIES, "all", "yes", "no"})
"""Codes of choices with a text of their own; states and platforms have theirs."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """How codes are said in a session.

    Attributes:
        t: texts of its language.
        language: `vi` or `en`.
        zone: the country's time zone.
        now: moment that ages are counted to.
    """

    t: Translate
    language: str
    zone: str
    now: datetime

    def state(self, state: str) -> str:
        """Return a state in words."""
        return self.t(f"needs.state_{state}")

    def way(self, way: Way | str) -> str:
        """Return a step in words; a step to a state is named by the state."""
        name = way if isinstance(way, str) else way.name
        return self.state(name) if name in _STATES else self.t(f"needs.way_{name}")

    def field(self, field: str) -> str:
        """Return the label of a field; points and reasons are those of a criterion."""
        for prefix, key in ((SCORED, "needs.points_of"), (WHY, "needs.reason_of")):
            if field.startswith(prefix):
                name = self.t(f"needs.criterion_{field.removeprefix(prefix)}")
                return self.t(key, name=name)
        return self.t(f"needs.field_{field}")

    def value(self, field: Field, value: str) -> str:
        """Return what was filled in, in words."""
        if field.takes is Takes.DAY:
            return formatting.day(datetime.fromisoformat(value).date(), language=self.language)
        return self.code(value) if field.takes is Takes.CHOICE else value

    def code(self, value: str) -> str:
        """Return the code of a choice in words."""
        if value in _STATES:
            return self.state(value)
        if value in VALUES:
            return self.t(f"needs.value_{value}")
        return value if value.isdigit() else self.platform(value)

    def platform(self, platform: str) -> str:
        """Return a platform in words."""
        return self.t("needs.value_all" if platform == "all" else f"platform.{platform}")

    def days(self, days: float | None) -> str:
        """Return a number of days; under one day as such."""
        if days is None:
            return "–"
        if days < 1:
            return self.t("needs.today")
        return self.t("needs.days", n=formatting.number(int(days), language=self.language))

    def exact_days(self, days: float | None) -> str:
        """Return a number of days with a decimal place, without a unit."""
        if days is None:
            return "–"
        return formatting.number(days, language=self.language, decimals=1)

    def moment(self, moment: datetime) -> str:
        """Return an instant, local."""
        return formatting.moment(moment, language=self.language, zone=self.zone)

    def is_overdue(self, item: Item) -> bool:
        """Return whether an item is late; proposals have no day to be done by."""
        return item.kind == NEEDS.kind and is_overdue(item, now=self.now, zone=self.zone)


_STATES = frozenset({*NEEDS.states, *PROPOSALS.states})


def chosen(
    items: Sequence[Item], words: Words, *, platform: str | None, state: str | None
) -> list[Item]:
    """Return the items of a platform and a state; OVERDUE: those that are late; None: all."""
    return [
        item
        for item in items
        if platform in (None, item.text("platform"))
        and (words.is_overdue(item) if state == OVERDUE else state in (None, item.state))
    ]


def in_order(items: Sequence[Item], words: Words) -> list[Item]:
    """Return the items of a column: late ones first, then by urgency, then the oldest."""

    def place(item: Item) -> tuple[bool, int, datetime, int]:
        priority = item.text("priority")
        urgency = PRIORITIES.index(priority) if priority in PRIORITIES else len(PRIORITIES)
        return (not words.is_overdue(item), urgency, item.stays[-1].since, item.number)

    return sorted(items, key=place)


def table_of(flow: Flow, items: Sequence[Item], words: Words) -> pl.DataFrame:
    """Return the items as they are downloaded: one row each, instants in UTC."""
    rows = [
        {
            "code": flow.code(item.number), "title": item.text("title"),
            "organisation": item.text("organisation"), "country": item.text("country"),
            "platform": item.text("platform"), "province": item.province,
            "priority": item.text("priority"), "owner": item.text("owner"), "due": due(item),
            "state": item.state, "since": item.stays[-1].since,
            "days_in_state": round(item.stays[-1].days(words.now), 2),
            "opened_at": item.opened_at,
            "rounds": rounds(item) if flow is NEEDS else None,
            "overdue": words.is_overdue(item) if item.state in NOT_LIVE else False,
        }
        for item in items
    ]  # fmt: skip
    texts = ("code", "title", "organisation", "country", "platform", "province", "priority",
             "owner", "state")  # fmt: skip
    schema: Schema = {
        **dict.fromkeys(texts, pl.String), "due": pl.Date, "since": pl.Datetime("us", "UTC"),
        "days_in_state": pl.Float64, "opened_at": pl.Datetime("us", "UTC"), "rounds": pl.Int64,
        "overdue": pl.Boolean,
    }  # fmt: skip
    order = ("code", "title", "organisation", "country", "platform", "province", "priority",
             "owner", "due", "state", "since", "days_in_state", "opened_at", "rounds",
             "overdue")  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row").select(order)


def state_rows(flow: Flow, found: Sequence[StateFigures], words: Words) -> list[tuple[str, ...]]:
    """Return the figures of states as rows of a table."""
    return [
        (
            words.state(one.state),
            str(one.n),
            str(one.n_stays),
            words.exact_days(one.median_days),
            flow.code(one.oldest) if one.oldest else "–",
            words.exact_days(one.oldest_days),
        )
        for one in found
    ]
