"""Forms of one province: a step of a platform, its team, a ticket. Errors stand at their field.

A form remembers what stood when it was opened and sends only what was changed since. If somebody
else wrote meanwhile, it says what they changed, keeps every entry, and the next press of the
button puts them on top of what stands now.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from dashboard import access, filters, formatting, loaders_rollout, resources
from dashboard.components.markup import draw, element
from dashboard.components.tables import table
from dashboard.context import Context
from dashboard.i18n import Translate
from dashboard.rollout import Rollout
from data_access.actor import Actor
from data_access.errors import ScopeDenied
from data_access.rollout.ledger import contents, latest
from data_access.rollout.model import (
    FIELDS,
    MANDATED,
    Change,
    Conflict,
    Field,
    Kind,
    Refused,
    Type,
)
from data_access.rollout.steps import may_write

CODE_LABELS = {
    "stage": "stage", "side": "side", "integrated": "integrated", "status": "team",
    "severity": "severity", "channel": "channel", "platform": "platform",
}  # fmt: skip
"""Field → what its codes are called: `rollout.<prefix>_<code>`."""
MOMENT = "%Y-%m-%d %H:%M"
LONGEST, LONGEST_REASON = 300, 300
NEW, NUMBER = "", "rollout_number"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a form was opened on.

    Attributes:
        kind: of what.
        item: which one.
        version: what stood; 0: nothing.
        held: its fields.
    """

    kind: Kind
    item: str
    version: int
    held: Mapping[str, str | None]

    @property
    def key(self) -> str:
        """Name of the form."""
        return f"rollout_{self.kind}_{self.item}"


def who() -> Actor:
    """Return who writes: an account, or the role chosen in a demonstration."""
    return access.actor()


def show(area: str, one: Rollout, seen: Context) -> None:
    """Offer what the viewer may write of a province; from the past nothing is written."""
    actor, t = who(), seen.t
    kinds = [kind for kind in (Kind.DEPLOYMENT, Kind.TEAM, Kind.TICKET)
             if may_write(actor, kind, area)]  # fmt: skip
    if not kinds:
        return
    if filters.current().as_of:
        draw(element("p", t("rollout.not_from_the_past"), class_="td-absent"))
        return
    for kind in kinds:
        box = st.expander(t(f"rollout.edit_{kind}"), key=f"rollout_box_{kind}", on_change="rerun")
        if box.open:
            with box:
                _said(seen)
                _form(_opened(kind, area, one, seen), seen)


def _opened(kind: Kind, area: str, one: Rollout, seen: Context) -> Opened:
    if kind is Kind.TEAM:
        item = area
    elif kind is Kind.DEPLOYMENT:
        platform = st.selectbox(seen.t("rollout.f_platform"), MANDATED, key="rollout_pick_platform",
                                format_func=lambda p: seen.t(f"platform.{p}"))  # fmt: skip
        item = f"{area}/{platform}"
    else:
        item = _pick_ticket(area, one, seen)
    rows = contents(latest(one.found), kind).filter(pl.col("item") == item)
    names = [field.name for field in FIELDS[kind]]
    if rows.height:
        row = rows.row(0, named=True)
        held = {name: row[name] for name in names}
        return Opened(kind=kind, item=item, version=row["version"], held=held)
    fresh: dict[str, str | None] = {"province": area}
    if kind is Kind.DEPLOYMENT:
        fresh["platform"] = item.partition("/")[2]
    return Opened(kind=kind, item=item, version=0, held=dict.fromkeys(names) | fresh)


def _pick_ticket(area: str, one: Rollout, seen: Context) -> str:
    own = one.tickets.filter(pl.col("province") == area, pl.col("is_open"))
    named = {row["item"]: f"{row['item']} · {row['severity']} · {row['summary']}"
             for row in own.iter_rows(named=True)}  # fmt: skip
    options = [NEW, *named]
    fresh = seen.t("rollout.new_ticket")
    picked = st.selectbox(
        seen.t("rollout.ticket"), options, key="rollout_pick_ticket",
        format_func=lambda item: named.get(item, fresh),
    )  # fmt: skip
    # Two officers who open a ticket at once must not mean the same one.
    number = st.session_state.setdefault(NUMBER, secrets.token_hex(4))
    return picked or f"{area}-{number}"


def _form(now: Opened, seen: Context) -> None:
    """Draw a form on what it was first opened on, until it was sent."""
    begun: Opened = st.session_state.setdefault(f"{now.key}_begun", now)
    fixed = {"province", *(["platform"] if begun.held.get("platform") else [])}
    fields = [field for field in FIELDS[begun.kind] if field.name not in fixed]
    slots: dict[str, Any] = {}
    typed: dict[str, Any] = {}
    with st.form(begun.key):
        columns = st.columns(2)
        for number, field in enumerate(fields):
            with columns[number % 2]:
                typed[field.name] = _input(field, begun, seen)
                slots[field.name] = st.empty()
        reason = st.text_input(
            seen.t("rollout.f_reason"), max_chars=LONGEST_REASON, key=f"{begun.key}_reason",
            help=seen.t("rollout.reason_help"),
        )  # fmt: skip
        slots["reason"] = st.empty()
        slots[""] = st.empty()
        sent = st.form_submit_button(seen.t("rollout.save"), icon=":material/save:")
    if sent:
        _send(begun, typed, reason, slots, seen)


def _input(field: Field, begun: Opened, seen: Context) -> Any:  # noqa: ANN401 -- what the widget gives
    t, held = seen.t, begun.held.get(field.name)
    label = t(f"rollout.f_{field.name}") + (" *" if field.required else "")
    key = f"{begun.key}_{field.name}"
    if field.choices:
        options = [*([] if field.required else [""]), *(one for one in field.choices if one)]
        place = options.index(held) if held in options else 0
        return st.selectbox(label, options, index=place, key=key,
                            format_func=lambda code: _code(field, code, t))  # fmt: skip
    if field.type is Type.DAY:
        return st.date_input(label, value=date.fromisoformat(held) if held else None,
                             format="DD/MM/YYYY", key=key)  # fmt: skip
    text = held or ""
    if field.type is Type.INSTANT:
        text = _local(held, seen)
        return st.text_input(label, value=text, key=key, placeholder="2021-09-02 14:30")
    return st.text_input(label, value=text, key=key, max_chars=LONGEST)


def _code(field: Field, code: str, t: Translate) -> str:
    if not code:
        return t("rollout.none")
    prefix = CODE_LABELS[field.name]
    return t(f"platform.{code}") if prefix == "platform" else t(f"rollout.{prefix}_{code}")


def _local(held: str | None, seen: Context) -> str:
    if not held:
        return ""
    return datetime.fromisoformat(held).astimezone(ZoneInfo(seen.zone)).strftime(MOMENT)


def _written(field: Field, value: Any, seen: Context) -> str | None:  # noqa: ANN401 -- as `_input`
    """Return what was typed as the model takes it.

    Raises:
        Refused: if a time is none.
    """
    if isinstance(value, date):
        return value.isoformat()
    text = str(value or "").strip()
    if field.type is not Type.INSTANT or not text:
        return text or None
    try:
        moment = datetime.strptime(text, MOMENT).replace(tzinfo=ZoneInfo(seen.zone))
    except ValueError as error:
        raise Refused(field.name, "bad_instant", f"{text!r} is no time") from error
    return moment.isoformat()


def _changes(begun: Opened, typed: Mapping[str, Any], seen: Context) -> dict[str, str | None]:
    fields = {field.name: field for field in FIELDS[begun.kind]}
    found: dict[str, str | None] = {}
    for name, value in typed.items():
        field, held = fields[name], begun.held.get(name)
        same_moment = field.type is Type.INSTANT and str(value or "").strip() == _local(held, seen)
        written = held if same_moment else _written(field, value, seen)
        if not begun.version or written != held:
            found[name] = written
    if not begun.version:
        found |= {name: value for name, value in begun.held.items() if name not in typed and value}
    return found


def _send(
    begun: Opened, typed: Mapping[str, Any], reason: str, slots: Mapping[str, Any], seen: Context
) -> None:
    try:
        change = Change(
            kind=begun.kind, item=begun.item, content=_changes(begun, typed, seen),
            base=begun.version, at=resources.shared().clock(), reason=reason,
        )  # fmt: skip
        loaders_rollout.book().put(change, actor=who())
    except Refused as error:
        slot = slots.get(error.field, slots[""])
        with slot:
            draw(element("p", seen.t(f"rollout.e_{error.code}"), class_="td-error", role="alert"))
    except ScopeDenied:
        with slots[""]:
            draw(element("p", seen.t("rollout.e_denied"), class_="td-error", role="alert"))
    except Conflict as error:
        _told(begun, error, slots[""], seen)
    else:
        _forget(begun)
        st.session_state["rollout_said"] = begun.item
        st.rerun()


def _told(begun: Opened, error: Conflict, slot: Any, seen: Context) -> None:  # noqa: ANN401 -- a Streamlit slot
    """Say what somebody else changed; the entries stay, and the next try goes on top of it."""
    t = seen.t
    at = formatting.moment(error.at, language=seen.language, zone=seen.zone)
    rows = [
        (t(f"rollout.f_{one.field}"), one.before or "–", one.theirs or "–", one.mine or "–")
        for one in error.differences
    ]
    heads = tuple(t(f"rollout.{name}") for name in ("field", "was", "theirs", "mine"))
    said = element("p", t("rollout.conflict", name=error.account, at=at))
    with slot:
        draw(element("div", said, table(heads, rows, caption=t("rollout.conflict_table")),
                     class_="td-notice td-warn", role="alert"))  # fmt: skip
    st.session_state[f"{begun.key}_begun"] = replace(begun, version=error.version)


def _forget(begun: Opened) -> None:
    """Open the form anew on what stands now."""
    st.session_state.pop(NUMBER, None)
    for key in [key for key in st.session_state if str(key).startswith(f"{begun.key}_")]:
        del st.session_state[key]


def _said(seen: Context) -> None:
    item = st.session_state.pop("rollout_said", None)
    if item:
        draw(element("p", seen.t("rollout.saved", item=item), class_="td-notice", role="status"))
