"""The codes of a breakdown in words. Pure."""

from collections.abc import Mapping

from dashboard.breakdown import OTHER, UNKNOWN
from dashboard.i18n import Translate, has, pick
from data_access.chain.steps import STEPS
from data_access.contracts.labels import label_of
from data_access.contracts.testing import POOLING

# Dimensions that roll-ups make: no field of a contract has their codes.
MADE: Mapping[str, Mapping[str, tuple[str, str]]] = {"step": STEPS, "pool": POOLING}


def code_name(code: str, *, platform: str, by: str, t: Translate, language: str) -> str:
    """Return a code in words: the screen's own, else the contract's, else the code as it is."""
    if code == OTHER:
        return t("command.other")
    own = f"code.{by}.{code}"
    if has(own, language=language):
        return t(own)
    named = MADE.get(by, {}).get(code) or label_of(platform, by, code)
    if named:
        return pick(*named, language=language)
    if code in (UNKNOWN, ""):
        return t("command.unstated")
    if by in ("delay", "bin"):
        return t("command.hours", span=code.replace("-", "\u2013"))
    return code
