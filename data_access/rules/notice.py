"""The notice before a raised level takes effect (Resolution 128/NQ-CP: 48 hours). Pure."""

from datetime import datetime, timedelta

from data_access.rules.model import RuleSet


def earliest_effect(
    announced_at: datetime, ruleset: RuleSet, *, before: int | None, after: int | None
) -> datetime | None:
    """Return the earliest moment at which a raise announced now may take effect.

    None where no notice is asked: the level does not rise, one of them is not known, or the rule
    asks for none.
    """
    rises = before is not None and after is not None and after > before
    if not rises or not ruleset.notice_hours:
        return None
    return announced_at + timedelta(hours=ruleset.notice_hours)
