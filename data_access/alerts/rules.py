"""The rules of alerts: `rules.toml` beside this module, or `alerts.toml` of the country pack."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from data_access.alerts.model import Comparison, Kind, Rule, Severity
from data_access.codes import Level
from data_access.errors import PackError
from data_access.indicators.forms import indicator_of
from data_access.indicators.model import Unit

SHIPPED = Path(__file__).resolve().parent / "rules.toml"
FILE_NAME = "alerts.toml"
"""Name under which a country pack brings its own: a rule of the same key replaces ours."""
LEVELS = (Level.NATIONAL, Level.PROVINCE, Level.DISTRICT)
LONGEST_RUN = 14


def rules_of(pack: str) -> Mapping[str, Rule]:
    """Return the rules by key: those that ship, with the pack's own in place or added.

    A rule with `off = true` in the pack takes ours away.

    Args:
        pack: folder of the country pack; empty: the one that ships.

    Raises:
        PackError: naming file, rule and reason of the first fault.
    """
    own = Path(pack) / FILE_NAME if pack else None
    found = dict(read_rules(SHIPPED))
    if own is not None and own.is_file():
        found |= read_rules(own)
        found = {key: one for key, one in found.items() if key not in _off(own)}
    return found


@cache
def read_rules(path: Path) -> Mapping[str, Rule]:
    """Return the rules of a file, in its order.

    Raises:
        PackError: as `rules_of`.
    """
    found: dict[str, Rule] = {}
    for one in _tables(path):
        if one.get("off") is True:
            continue
        rule = _rule(one, named=f"{path.name}, rule {one.get('key')}")
        if rule.key in found:
            raise PackError(f"{path.name}, rule {rule.key}: stands there twice")
        found[rule.key] = rule
    return found


def _off(path: Path) -> set[str]:
    return {str(one.get("key")) for one in _tables(path) if one.get("off") is True}


def _tables(path: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get(
            "rule", []
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackError(f"{path.name}: is not TOML: {error}") from error
    return found


def _rule(one: Mapping[str, Any], *, named: str) -> Rule:
    try:
        made = Rule(
            **{
                **one,
                "kind": Kind(one["kind"]),
                "level": Level(one["level"]),
                "severity": Severity(one["severity"]),
                "comparison": Comparison(one.get("comparison", ">=")),
                "areas": tuple(one.get("areas", ())),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PackError(f"{named}: {error}") from error
    if why := _fault(made, one):
        raise PackError(f"{named}: {why}")
    return made


def _fault(rule: Rule, one: Mapping[str, Any]) -> str:
    """Return what is wrong with a rule; empty: nothing."""
    indicator = indicator_of(rule.indicator)
    is_statistical = rule.kind is not Kind.THRESHOLD
    faults = {
        "no indicator has that id": indicator is None,
        "level is none that alerts know": rule.level not in LEVELS,
        "a threshold needs its limit": not is_statistical and "limit" not in one,
        "only counts are judged statistically": is_statistical
        and indicator is not None
        and indicator.unit is not Unit.COUNT,
        f"days is none of 1 to {LONGEST_RUN}": not 1 <= rule.days <= LONGEST_RUN,
        "alpha is no share between 0 and 0.2": not 0 < rule.alpha < 0.2,  # noqa: PLR2004
        "until lies before since": rule.until is not None and rule.until < rule.since,
        "the names in both languages are needed": not (rule.key and rule.vi and rule.en),
    }
    return next((why for why, is_so in faults.items() if is_so), "")
