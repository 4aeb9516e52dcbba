"""What the institution's own sign-in says of somebody, as a role and provinces.

An unknown claim is nobody: the press, never more. The file is explained in
docs/operations/accounts.md. What a token must say beside its signature (OpenID Connect Core 1.0,
section 3.1.3.7) is checked here too: the library that reads it takes a token for another client
if we are only its authorized party.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from data_access.accounts.model import OUTSIDE, Refused, check_reach
from data_access.accounts.sessions import ABSOLUTE
from data_access.codes import Role
from data_access.errors import SettingsError

SECOND = 1.0
_LONGEST = 200
_LONGEST_SUBJECT = 255
_EMAIL = ("email",)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the file.

    Attributes:
        value: what the claim must be, or hold.
        role: the role that follows.
        areas: codes of the provinces that follow.
        areas_from: path of the claim that holds those codes; empty: they stand in the file.
    """

    value: str
    role: Role
    areas: frozenset[str]
    areas_from: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClaimMap:
    """The file.

    Attributes:
        claim: path of the claim that decides, as in `realm_access.roles`.
        name: claim that holds the name on screen.
        rules: the first that fits counts.
        issuer: name of the provider, where it is not what its address says; empty: it is.
    """

    claim: tuple[str, ...]
    name: str
    rules: tuple[Rule, ...]
    issuer: str = ""

    @property
    def areas(self) -> frozenset[str]:
        """Every province that the file names."""
        return frozenset().union(*(rule.areas for rule in self.rules))


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose word counts, about whom.

    Attributes:
        issuer: the provider's name, letter by letter.
        client_id: the name of this dashboard at the provider.
        provinces: returns the codes of all provinces that there are.
    """

    issuer: str
    client_id: str
    provinces: Callable[[], frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Outsider:
    """Somebody whom the institution's sign-in let in.

    Attributes:
        account_id: `oidc:` and their subject.
        name: name on screen.
        role: the role that follows from their claims.
        areas: codes of the provinces that follow.
        is_known: whether any role follows; else they are the press.
        stamp: what is this sign-in's alone.
        is_over: whether they signed in too long ago.
    """

    account_id: str
    name: str
    role: Role
    areas: frozenset[str]
    is_known: bool
    stamp: str = field(repr=False)
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
            issuer=str(found.get("issuer", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Refused) as error:
        raise SettingsError(f"TUYENDAU_CLAIMS: the file cannot be used: {error}") from error


def _rule(found: Mapping[str, Any]) -> Rule:
    role, areas = Role(found["role"]), frozenset(map(str, found.get("areas", ())))
    areas_from = str(found.get("areas_from", ""))
    if areas_from and (areas or role is not Role.PROVINCE):
        raise ValueError("areas_from is for the role province, instead of areas")
    if not areas_from:
        check_reach(role, areas)
    value = str(found["value"])
    if not value:
        raise ValueError("a role needs the value of the claim")
    path = tuple(areas_from.split(".")) if areas_from else ()
    return Rule(value=value, role=role, areas=areas, areas_from=path)


def fault(claims: Mapping[str, Any], trust: Trust) -> str:
    """Return what is wrong with what a token says, in one word; empty if nothing is."""
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    subject = claims.get("sub")
    if claims.get("iss") != trust.issuer:
        return "issuer"
    if trust.client_id not in named:
        return "audience"
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        return "subject"
    if not subject.isprintable() or subject != subject.strip():
        return "subject"
    nonce = claims.get("nonce")
    return "" if isinstance(nonce, str) and nonce else "nonce"


def outsider(
    claims: Mapping[str, Any], chart: ClaimMap, trust: Trust, *, now: datetime
) -> Outsider | None:
    """Return who somebody is by their claims; None for nobody.

    Streamlit keeps its cookie for thirty days; twelve hours after the token was issued (`iat`,
    OpenID Connect Core 1.0, section 2) it counts for nothing here, as with accounts of our own.
    """
    if claims.get("is_logged_in") is not True or fault(claims, trust):
        return None
    subject = str(claims["sub"])
    rule = next((one for one in chart.rules if _fits(one, claims, chart)), None)
    areas = _areas(rule, claims, trust) if rule else frozenset()
    is_known = rule is not None and (bool(areas) or rule.role is not Role.PROVINCE)
    return Outsider(
        account_id=OUTSIDE + subject,
        name=_name(claims, chart) or subject[:_LONGEST],
        role=rule.role if rule and is_known else Role.PRESS,
        areas=areas,
        is_known=is_known,
        stamp="\n".join((trust.issuer, subject, str(claims["nonce"]))),
        is_over=not _is_fresh(claims, now=now),
    )


def _areas(rule: Rule, claims: Mapping[str, Any], trust: Trust) -> frozenset[str]:
    """Return the provinces of a rule; a code that there is not is none."""
    if not rule.areas_from:
        return rule.areas
    said = _at(rule.areas_from, claims)
    codes = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(code for code in codes if isinstance(code, str)) & trust.provinces()


def _name(claims: Mapping[str, Any], chart: ClaimMap) -> str:
    name = claims.get(chart.name)
    if not isinstance(name, str) or not _is_vouched((chart.name,), claims):
        return ""
    return " ".join(name.split())[:_LONGEST]


def _fits(rule: Rule, claims: Mapping[str, Any], chart: ClaimMap) -> bool:
    held = _at(chart.claim, claims)
    if not _is_vouched(chart.claim, claims):
        return False
    if isinstance(held, str):
        return held == rule.value
    return isinstance(held, list | tuple) and rule.value in held


def _at(path: tuple[str, ...], claims: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- as it came
    held: Any = claims
    for name in path:
        held = held.get(name) if isinstance(held, Mapping) else None
    return held


def _is_vouched(path: tuple[str, ...], claims: Mapping[str, Any]) -> bool:
    """Return whether the provider stands for a claim: an address that anyone may type is none."""
    return path != _EMAIL or claims.get("email_verified") is True


def _is_fresh(claims: Mapping[str, Any], *, now: datetime) -> bool:
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return False
    gone = now.timestamp() - issued
    return -60 * SECOND <= gone < ABSOLUTE.total_seconds()
