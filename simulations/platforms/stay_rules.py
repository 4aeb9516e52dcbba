"""How long people stay, where, and on which days they are sampled: by the rule in force. Pure.

A stay keeps the rule of the day on which it began. Monitoring at home afterwards is no stay.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

HOME = "nha_o"
CITY = "79"
"""Hồ Chí Minh City, where quarantine at home began."""


@dataclass(frozen=True, kw_only=True)
class StayRule:
    """What a document lays down for a class of people. Domain description, section 2.

    Attributes:
        rule_id: document.
        since: first day on which it is in force.
        who: class of person.
        place: kind of facility.
        days: from the day of coming in to the planned end.
        tests: days of the stay, the first being 1, on which a sample is taken.
        share: of those whom the rule may apply to, how many it does; for the others the rule
            before it holds.
        vaccinated: only those (not) fully vaccinated; None: all.
        province: only there; None: everywhere.
        certain: whether a source gives the duration; if not, it is from memory (as are the days of
            samples, but for those of 10696).
    """

    rule_id: str
    since: date
    who: str
    place: str
    days: int
    tests: tuple[int, ...] = ()
    share: float = 1.0
    vaccinated: bool | None = None
    province: str | None = None
    certain: bool = False


def _contact(
    rule_id: str, since: date, days: int, tests: tuple[int, ...], *, place: str = "tap_trung",
    share: float = 1.0, vaccinated: bool | None = None, certain: bool = False,
) -> StayRule:  # fmt: skip
    return StayRule(
        rule_id=rule_id, since=since, who="F1", place=place, days=days, tests=tests, share=share,
        vaccinated=vaccinated, certain=certain,
    )  # fmt: skip


def _arrival(
    rule_id: str, since: date, days: int, tests: tuple[int, ...], *, certain: bool = False
) -> StayRule:
    return StayRule(rule_id=rule_id, since=since, who="nhap_canh", place="khach_san", days=days,
                    tests=tests, certain=certain)  # fmt: skip


def _case(
    rule_id: str, since: date, days: int, *, place: str = "benh_vien_da_chien",
    tests: tuple[int, ...] = (), share: float = 1.0, province: str | None = None,
    certain: bool = False,
) -> StayRule:  # fmt: skip
    return StayRule(rule_id=rule_id, since=since, who="F0", place=place, days=days, tests=tests,
                    share=share, province=province, certain=certain)  # fmt: skip


RULES = (
    _contact("878/QĐ-BYT", date(2020, 3, 12), 14, (1, 14)),
    _contact("600/CĐ-BCĐ", date(2021, 5, 5), 21, (1, 14, 20), certain=True),
    StayRule(rule_id="5152/BYT-MT", since=date(2021, 6, 27), who="F1", place=HOME, days=28,
             tests=(1, 7, 14, 20, 28), share=0.2, province=CITY),
    _contact("5599/BYT-MT", date(2021, 7, 14), 14, (1, 7, 14), certain=True),
    _contact("5599/BYT-MT", date(2021, 7, 14), 14, (1, 7, 14), place=HOME, share=0.5),
    _contact("10696/BYT-MT", date(2021, 12, 16), 7, (1, 7), place=HOME, vaccinated=True,
             certain=True),
    _contact("762/BYT-DP", date(2022, 2, 21), 7, (7,), place=HOME),
    _contact("762/BYT-DP", date(2022, 2, 21), 5, (5,), place=HOME, vaccinated=True),
    _arrival("878/QĐ-BYT", date(2020, 3, 12), 14, (1, 14)),
    _arrival("600/CĐ-BCĐ", date(2021, 5, 5), 21, (1, 14, 20), certain=True),
    _arrival("5599/BYT-MT", date(2021, 7, 14), 14, (1, 7, 14)),
    _case("878/QĐ-BYT", date(2020, 3, 12), 14),
    _case("2008/QĐ-BYT", date(2021, 4, 26), 14),
    _case("3416/QĐ-BYT", date(2021, 7, 14), 14),
    _case("4156/QĐ-BYT", date(2021, 8, 28), 10, place=HOME, share=0.5, province=CITY),
    _case("261/QĐ-BYT", date(2022, 1, 31), 7, place=HOME, share=0.8, tests=(7,), certain=True),
)  # fmt: skip
"""From the earliest to the latest; of those that may apply to a stay, the last one does."""
LONGEST_INSIDE_DAYS = max(rule.days for rule in RULES if rule.place != HOME)


def rule_of(*, began: pl.Expr, chance: pl.Expr, vaccinated: pl.Expr) -> pl.Expr:
    """Return the place in RULES (Int64) of the rule a stay is under; null before any.

    Needs: class, province_code.

    Args:
        began: local day (Date) on which the stay began.
        chance: a number from 0 to 1 of each stay; at 1, no rule of a share applies.
        vaccinated: whether the person is fully vaccinated.
    """
    found = pl.lit(None, dtype=pl.Int64)
    for number, rule in enumerate(RULES):
        applies = (pl.col("class") == rule.who) & (began >= rule.since)
        if rule.share < 1:
            applies &= chance < rule.share
        if rule.vaccinated is not None:
            applies &= vaccinated == rule.vaccinated
        if rule.province is not None:
            applies &= pl.col("province_code") == rule.province
        found = pl.when(applies).then(pl.lit(number, dtype=pl.Int64)).otherwise(found)
    return found


def table() -> pl.DataFrame:
    """Return `rule, rule_id, place, days, tests` (list of Int64) of RULES."""
    return pl.DataFrame(
        {
            "rule": range(len(RULES)),
            "rule_id": [rule.rule_id for rule in RULES],
            "place": [rule.place for rule in RULES],
            "days": [rule.days for rule in RULES],
            "tests": [list(rule.tests) for rule in RULES],
        },
        schema={"rule": pl.Int64, "rule_id": pl.String, "place": pl.String, "days": pl.Int64,
                "tests": pl.List(pl.Int64)},
    )  # fmt: skip
