"""Where alerts are sent to: by settings, off unless they say so. The repr shows no secret."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from data_access.errors import SettingsError

WEBHOOK, MAIL = "webhook", "mail"
MIN_KEY = 32
_ADDRESS = re.compile(r"[^\s@<>,]+@[^\s@<>,]+")


@dataclass(frozen=True, kw_only=True)
class AlertSettings:
    """What the environment says of alerts.

    Attributes:
        webhook: address that is told; empty: none.
        webhook_key: secret of the signature.
        mail_to: who gets the digest; empty: nobody.
        mail_from: sender of the digest.
        smtp_host: mail server.
        smtp_port: its port.
        smtp_user: account on it; empty: none is needed.
        smtp_password: of that account.
        digest_minutes: a digest at most so often.
    """

    webhook: str = ""
    webhook_key: str = field(default="", repr=False)
    mail_to: tuple[str, ...] = ()
    mail_from: str = ""
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    digest_minutes: int = 60

    @property
    def channels(self) -> tuple[str, ...]:
        """Where something is sent."""
        on = {WEBHOOK: bool(self.webhook), MAIL: bool(self.mail_to)}
        return tuple(name for name, is_on in on.items() if is_on)


def read_alert_settings(environ: Mapping[str, str] | None = None) -> AlertSettings:
    """Return the settings of an environment (default: the process's).

    Raises:
        SettingsError: naming the variable whose value cannot be used.
    """
    found = os.environ if environ is None else environ
    webhook = found.get("TUYENDAU_ALERT_WEBHOOK", "").strip()
    key = found.get("TUYENDAU_ALERT_WEBHOOK_KEY", "").strip()
    _check_webhook(webhook, key)
    to = tuple(one.strip() for one in found.get("TUYENDAU_ALERT_MAIL_TO", "").split(",")
               if one.strip())  # fmt: skip
    sender = found.get("TUYENDAU_ALERT_MAIL_FROM", "").strip()
    host, port = _server(found.get("TUYENDAU_ALERT_SMTP", "").strip())
    if to and not (sender and host):
        raise SettingsError("TUYENDAU_ALERT_MAIL_TO needs TUYENDAU_ALERT_MAIL_FROM and _SMTP")
    if any(not _ADDRESS.fullmatch(one) for one in (*to, sender) if one):
        raise SettingsError("TUYENDAU_ALERT_MAIL_TO and _MAIL_FROM must be addresses")
    return AlertSettings(
        webhook=webhook, webhook_key=key, mail_to=to, mail_from=sender, smtp_host=host,
        smtp_port=port, smtp_user=found.get("TUYENDAU_ALERT_SMTP_USER", "").strip(),
        smtp_password=found.get("TUYENDAU_ALERT_SMTP_PASSWORD", ""),
        digest_minutes=_minutes(found.get("TUYENDAU_ALERT_DIGEST_MINUTES", "").strip()),
    )  # fmt: skip


def _check_webhook(webhook: str, key: str) -> None:
    if not webhook:
        return
    address = urlsplit(webhook)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise SettingsError("TUYENDAU_ALERT_WEBHOOK must be an http or https address")
    if address.username or address.password:
        raise SettingsError("TUYENDAU_ALERT_WEBHOOK may hold no name or password: it is signed")
    if len(key) < MIN_KEY:
        raise SettingsError(
            f"TUYENDAU_ALERT_WEBHOOK_KEY needs at least {MIN_KEY} random characters"
            " (openssl rand -hex 32)"
        )


def _server(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):  # noqa: PLR2004 -- ports end there
        raise SettingsError("TUYENDAU_ALERT_SMTP must be HOST or HOST:PORT")
    return host, int(port or 25)


def _minutes(text: str) -> int:
    if not text:
        return 60
    if not text.isdecimal() or not 1 <= int(text) <= 24 * 60:
        raise SettingsError("TUYENDAU_ALERT_DIGEST_MINUTES must be a whole number from 1 to 1440")
    return int(text)
