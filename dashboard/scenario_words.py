"""A scenario's levers in words: only what differs from what is planned and in force. Pure."""

from collections.abc import Mapping

from dashboard import formatting
from dashboard.i18n import Translate, has
from dashboard.scenarios import Measure, Scenario

FACTORS = (
    "doses_factor", "laboratory_factor", "tracing_factor", "quarantine_factor", "hospital_factor",
    "icu_factor",
)  # fmt: skip
SHARES = ("second_share", "home_share")
NUMBERS = ("doses_per_day", "contacts_per_case", "stay_days", "pool_size")


def levers(
    scenario: Scenario, *, t: Translate, language: str, names: Mapping[str, str]
) -> list[str]:
    """Return a phrase for each lever that was moved; none: it is the base.

    Args:
        scenario: the levers.
        t: texts of the language.
        language: `vi` or `en`.
        names: names of provinces by code.
    """
    usual = Scenario(name=scenario.name, first_day=scenario.first_day)

    def moved(field: str) -> bool:
        return bool(getattr(scenario, field) != getattr(usual, field))

    def say(field: str, text: str) -> str:
        return t(f"lever.{field}", value=text)

    found = [say(one, "×" + _plain(getattr(scenario, one), language))
             for one in FACTORS if moved(one)]  # fmt: skip
    found += [say(one, formatting.percent(getattr(scenario, one), language=language, decimals=0))
              for one in SHARES if moved(one)]  # fmt: skip
    found += [say(one, _plain(getattr(scenario, one), language)) for one in NUMBERS if moved(one)]
    if moved("order"):
        found.append(say("order", " → ".join(scenario.order) or t("lever.nobody")))
    found += [measure(one, t=t, language=language, names=names) for one in scenario.distancing]
    return found


def measure(one: Measure, *, t: Translate, language: str, names: Mapping[str, str]) -> str:
    """Return a measure in words: level, where, from when, until when."""
    where = ", ".join(place(code, t=t, language=language, names=names) for code in one.places)
    parts = [t(f"scenario_level.{one.level}"), where or t("lever.everywhere")]
    for field, day in (("since", one.since), ("until", one.until)):
        if day:
            parts.append(t(f"lever.{field}", day=formatting.short_day(day, language=language)))
    return " ".join(parts)


def place(code: str, *, t: Translate, language: str, names: Mapping[str, str]) -> str:
    """Return a province or a group of provinces in words; its code if nobody knows it."""
    key = f"scenario_group.{code}"
    return t(key) if has(key, language=language) else names.get(code, code)


def _plain(value: float, language: str) -> str:
    for decimals in (0, 1):
        if round(value, decimals) == value:
            return formatting.number(value, language=language, decimals=decimals)
    return formatting.number(value, language=language, decimals=2)
