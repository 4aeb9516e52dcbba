"""Sends what is due: each message to the webhook, all that are due in one digest by mail.

Nothing personal leaves the house: a message names rule, area, day and numbers, nobody's account
and no note. Closed networks have private addresses, so that these are allowed; redirects are not
followed, and no proxy of the environment is used.
"""

import hashlib
import hmac
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from data_access.alerts.model import Alert, Evidence, Rule, Step
from data_access.alerts.outbox import claim, failed, message, sent
from data_access.alerts.settings import MAIL, WEBHOOK, AlertSettings
from data_access.clock import Clock
from data_access.codes import from_us, to_us

TIMEOUT_SECONDS = 10.0
CLAIMED = timedelta(minutes=5)
"""Longer than one round can take: who is killed leaves its messages to others after that."""
AT_ONCE, MOST_IN_DIGEST = 20, 500
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
SIGNATURE, MESSAGE_ID = "X-TuyenDau-Signature", "X-TuyenDau-Message"
_WENT_WELL = range(200, 300)


def wait_after(n_tries: int) -> timedelta:
    """Return how long a message waits after so many tries: doubling, six hours at most."""
    return min(FIRST_WAIT * (1 << min(n_tries, 20)), LONGEST_WAIT)


def messages(
    settings: AlertSettings,
    rule: Rule,
    stands: Alert,
    made: Step,
    newest: Evidence | None,
    *,
    at: datetime,
    name: tuple[str, str],
) -> list[dict[str, object]]:
    """Return the rows of the outbox that tell of a step.

    Args:
        settings: where to.
        rule: of the alert.
        stands: the alert after the step.
        made: the step.
        newest: the newest day that speaks, where it is at hand.
        at: real time.
        name: the area's name in Vietnamese and English.
    """
    body = {
        "event": f"alert.{made.action.value}", "alert": stands.alert_id, "rule": rule.key,
        "rule_version": stands.rule_version, "rule_vi": rule.vi, "rule_en": rule.en,
        "indicator": stands.indicator, "severity": stands.severity.value,
        "state": stands.state.value, "area_code": stands.area_code, "vintage": stands.vintage,
        "area_vi": name[0], "area_en": name[1], "first_day": stands.first_day.isoformat(),
        "last_day": stands.last_day.isoformat(), "at": made.at.isoformat(),
        "page": f"/alerts?alert={stands.alert_id}",
        "evidence": None if newest is None else {**vars(newest), "day": newest.day.isoformat()},
    }  # fmt: skip
    return [
        message(channel, stands, made, body, at=at, due=_due(channel, settings, at))
        for channel in settings.channels
    ]


def _due(channel: str, settings: AlertSettings, at: datetime) -> datetime:
    if channel != MAIL:
        return at
    # Ends of equal spans since 1970: all messages of one span go into one digest.
    span = settings.digest_minutes * 60_000_000
    return from_us((to_us(at) // span + 1) * span)


def deliver(engine: sa.Engine, settings: AlertSettings, *, clock: Clock) -> int:
    """Send what is due on every channel; return how many messages were taken.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    n_sent = 0
    if WEBHOOK in settings.channels:
        for one in _claimed(engine, WEBHOOK, clock, limit=AT_ONCE):
            n_sent += _settled(engine, [one], _post(one, settings, at=clock()), clock=clock)
    if MAIL in settings.channels:
        due = _claimed(engine, MAIL, clock, limit=MOST_IN_DIGEST)
        if due:
            n_sent += _settled(engine, due, _mail(due, settings), clock=clock)
    return n_sent


def _claimed(engine: sa.Engine, channel: str, clock: Clock, *, limit: int) -> list[dict[str, Any]]:
    now = clock()
    return claim(engine, channel, at=now, until=now + CLAIMED, limit=limit)


def _settled(
    engine: sa.Engine, some: Sequence[dict[str, Any]], problem: str, *, clock: Clock
) -> int:
    ids = [one["message_id"] for one in some]
    if not problem:
        sent(engine, ids, at=clock())
        return len(ids)
    again = clock() + wait_after(max(one["n_tries"] for one in some))
    failed(engine, ids, again=again, problem=problem)
    return 0


# --- webhook --------------------------------------------------------------------------------------


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow none: the answer is then the error it is."""


def signature(body: bytes, *, at: datetime, key: str) -> str:
    """Return `t=<seconds>,v1=<HMAC-SHA-256 of "seconds.body">`: an old call is no new one."""
    seconds = int(at.timestamp())
    signed = hmac.new(key.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={signed}"


def _post(one: dict[str, Any], settings: AlertSettings, *, at: datetime) -> str:
    """Send a message; return what went wrong, in words without an address or a value."""
    body = json.dumps(
        {"message": one["message_id"], **json.loads(one["body"])}, ensure_ascii=False
    ).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        MESSAGE_ID: one["message_id"],
        SIGNATURE: signature(body, at=at, key=settings.webhook_key),
    }
    # The scheme was checked with the settings: http or https.
    request = urllib.request.Request(settings.webhook, body, headers, method="POST")  # noqa: S310
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return "" if answer.status in _WENT_WELL else f"answered {answer.status}"
    except urllib.error.HTTPError as error:
        with error:
            return f"answered {error.code}"
    except (OSError, ValueError) as error:
        return f"not reached: {type(error).__name__}"


# --- mail -----------------------------------------------------------------------------------------


def digest(some: Sequence[dict[str, Any]], settings: AlertSettings) -> EmailMessage:
    """Return one mail that tells of all messages, the most severe first, in both languages."""
    told = [json.loads(one["body"]) for one in some]
    order = {"serious": 0, "warning": 1, "info": 2}
    told.sort(key=lambda one: (order[one["severity"]], one["alert"]))
    mail = EmailMessage()
    mail["Subject"] = f"Tuyến Đầu: {len(told)} cảnh báo / alerts"
    mail["From"], mail["To"] = settings.mail_from, ", ".join(settings.mail_to)
    # The same messages make the same id: a mail that is sent twice is known as one.
    names = "|".join(sorted(one["message_id"] for one in some))
    number = hashlib.sha256(names.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{number}@{settings.mail_from.rpartition('@')[2]}>"
    mail.set_content("\n\n".join(_told(one) for one in told) + "\n")
    return mail


def _told(one: dict[str, Any]) -> str:
    lines = [
        f"[{one['severity']}] #{one['alert']} {one['area_vi']}: {one['rule_vi']}",
        f"{one['area_en']}: {one['rule_en']}",
        f"{one['event']} · {one['first_day']} – {one['last_day']} · {one['page']}",
    ]
    if one["evidence"]:
        numbers = (f"{name} = {one['evidence'][name]:g}" for name in ("value", "baseline", "bound")
                   if one["evidence"][name] is not None)  # fmt: skip
        lines.append(", ".join(numbers))
    return "\n".join(lines)


def _mail(some: Sequence[dict[str, Any]], settings: AlertSettings) -> str:
    try:
        with smtplib.SMTP(
            settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS
        ) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            refused = server.send_message(digest(some, settings))
    except (OSError, smtplib.SMTPException) as error:
        return f"not sent: {type(error).__name__}"
    return "not sent to everybody" if refused else ""
