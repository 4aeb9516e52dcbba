"""What the institution's own sign-in says of somebody, as a role and provinces.

An unknown claim is nobody: the press, never more. The file is explained in
docs/operations/accounts.md.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from data_access.accounts.model import OUTSIDE, Refused, check_reach
from data_access.accounts.sessions import ABSOLUTE
from data_access.codes import Role
from data_access.errors import SettingsError

SECOND = 1.0
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the file.

    Attributes:
        value: what the claim must be, or hold.
        role: the role that follows.
        areas: codes of the provinces that follow.
    """

    value: str
    role: Role
    areas: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ClaimMap:
    """The file.

    Attributes:
        claim: path of the claim that decides, as in `realm_access.roles`.
        name: claim that holds the name on screen.
        rules: the first that fits counts.
    """

    claim: tuple[str, ...]
    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True)
class Outsider:
    """Somebody whom the institution's sign-in let in.

    Attributes:
        account_id: `oidc:` and their subject.
        name: name on screen.
        role: the role that follows from their claims.
        areas: codes of the provinces that follow.
        is_over: whether they signed in too long ago.
    """

    account_id: str
    name: str
    role: Role
    areas: frozenset[str]
    is_over: bool = False


def read_claims(path: Path) -> ClaimMap:
    """Return the map of a file.

    Raises:
        SettingsError: naming what is wrong with it.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return ClaimMap(
            claim=tuple(str(found["claim"]).split(".")),
            name=str(found.get("name", "name")),
            rules=tuple(_rule(one) for one in found["role"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Refused) as error:
        raise SettingsError(f"TUYENDAU_CLAIMS: the file cannot be used: {error}") from error


def _rule(found: Mapping[str, Any]) -> Rule:
    role, areas = Role(found["role"]), frozenset(map(str, found.get("areas", ())))
    check_reach(role, areas)
    value = str(found["value"])
    if not value:
        raise ValueError("a role needs the value of the claim")
    return Rule(value=value, role=role, areas=areas)


def outsider(
    claims: Mapping[str, Any], chart: ClaimMap | None, *, now: datetime
) -> Outsider | None:
    """Return who somebody is by their claims; None for nobody.

    Streamlit keeps its cookie for thirty days; twelve hours after the token was issued (`iat`,
    OpenID Connect Core 1.0, section 2) it counts for nothing here, as with accounts of our own.
    """
    subject = claims.get("sub")
    if claims.get("is_logged_in") is not True or not isinstance(subject, str) or not subject:
        return None
    rule = next((one for one in chart.rules if _fits(one, claims, chart)), None) if chart else None
    name = claims.get(chart.name if chart else "name")
    return Outsider(
        account_id=OUTSIDE + subject,
        name=name[:_LONGEST] if isinstance(name, str) and name else subject[:_LONGEST],
        role=rule.role if rule else Role.PRESS,
        areas=rule.areas if rule else frozenset(),
        is_over=not _is_fresh(claims, now=now),
    )


def _fits(rule: Rule, claims: Mapping[str, Any], chart: ClaimMap) -> bool:
    held: Any = claims
    for name in chart.claim:
        held = held.get(name) if isinstance(held, Mapping) else None
    if isinstance(held, str):
        return held == rule.value
    return isinstance(held, list | tuple) and rule.value in held


def _is_fresh(claims: Mapping[str, Any], *, now: datetime) -> bool:
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return False
    gone = now.timestamp() - issued
    return -60 * SECOND <= gone < ABSOLUTE.total_seconds()
