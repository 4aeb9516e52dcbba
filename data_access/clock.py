"""The one place that asks what time it is. Everything below the edge receives the answer."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from data_access.errors import SettingsError

Clock = Callable[[], datetime]
_OFFSET = re.compile(r"^([+-])(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?$")


def machine_clock() -> datetime:
    """Return the machine's own idea of now, as an aware UTC instant."""
    return datetime.now(UTC)


def parse_instant(text: str, *, zone: str) -> datetime:
    """Return the UTC instant of ISO text; text without an offset is local time of `zone`.

    Raises:
        ValueError: if the text is no ISO date or time.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def make_clock(setting: str, *, zone: str) -> Clock:
    """Return the clock that `TUYENDAU_NOW` asks for.

    Empty = the machine's clock; an ISO time = a fixed clock; `-5y`-like offsets are written
    in days, hours and minutes (`-1907d`, `+2h30m`): the machine's clock, shifted.

    Raises:
        SettingsError: if the setting is neither.
    """
    if not setting:
        return machine_clock
    matched = _OFFSET.match(setting)
    if matched and any(matched.groups()[1:]):
        days, hours, minutes = (int(part or 0) for part in matched.groups()[1:])
        shift = timedelta(days=days, hours=hours, minutes=minutes)
        shift = -shift if matched.group(1) == "-" else shift
        return lambda: datetime.now(UTC) + shift
    try:
        fixed = parse_instant(setting, zone=zone)
    except ValueError as error:
        raise SettingsError(
            f"TUYENDAU_NOW={setting!r} is neither an ISO time nor an offset such as -30d or +2h"
        ) from error
    return lambda: fixed
