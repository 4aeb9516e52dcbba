"""Reasons of refused and flagged rows in both languages, by key. Pure."""

from functools import cache

from data_access.contracts.registry import CONTRACTS
from data_access.ingest.reasons import REASONS


@cache
def reason_words(reason: str) -> tuple[str, str]:
    """Return (Vietnamese, English) of a reason; the key itself where nothing declares it."""
    if reason in REASONS:
        return REASONS[reason]
    checks = [check for one in CONTRACTS for kind in one.kinds for check in kind.checks]
    return next(((one.vi, one.en) for one in checks if one.key == reason), (reason, reason))
