"""How an infection passes on: attack rates, serial intervals, who infects whom. Pure: Polars.

Every share comes with its numerator, its denominator and its interval; what cannot be known yet
(contacts still within their incubation, cases too young to have infected) is left out and counted.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from data_access.chain.graph import INCUBATION_DAYS
from data_access.estimates.proportions import wilson

TOP_SHARE = 0.2
ATTACK: dict[str, type[pl.DataType]] = {
    "setting": pl.String, "n_contacts": pl.Int64, "n_secondary": pl.Int64, "rate": pl.Float64,
    "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip


def attack_rates(contacts: pl.DataFrame) -> pl.DataFrame:
    """Return how many of the close contacts fell ill, by setting.

    Shape: columns of ATTACK; low, high: 95 % by Wilson; most contacts first.
    Needs: setting, is_counted, is_secondary.
    """
    counted = (
        contacts.filter("is_counted")
        .group_by("setting")
        .agg(n_contacts=pl.len().cast(pl.Int64), n_secondary=pl.col("is_secondary").sum())
        .sort("n_contacts", "setting", descending=[True, False])
    )
    rows = []
    for setting, n, ill in counted.iter_rows():
        found = wilson(ill, n)
        ends = (found.low, found.high) if found else (None, None)
        rows.append((setting, n, ill, ill / n, *ends))
    return pl.DataFrame(rows, schema=ATTACK, orient="row")


def mature(contacts: pl.DataFrame, *, start: date, day: date) -> pl.DataFrame:
    """Return the contacts exposed since a day whose incubation is over at the end of another."""
    return contacts.filter(
        pl.col("exposed_on").is_between(start, day - timedelta(days=INCUBATION_DAYS))
    )


@dataclass(frozen=True, kw_only=True)
class Serial:
    """Days from the onset of who infected to the onset of who was infected.

    Attributes:
        n: pairs with both onsets known.
        n_pairs: pairs altogether.
        n_negative: of n, the infected fell ill first.
        mean: days; None without a pair.
        sd: days, of a sample; None below two pairs.
        median: days; None without a pair.
        days: (days, pairs), sorted; negative ones are kept.
    """

    n: int
    n_pairs: int
    n_negative: int
    mean: float | None
    sd: float | None
    median: float | None
    days: tuple[tuple[int, int], ...]


def serial(cases: pl.DataFrame, infected: pl.DataFrame) -> Serial:
    """Return the serial intervals of some infections.

    Args:
        cases: every case: number, onset_date.
        infected: the infected: infectors (list of numbers), onset_date. Who may have been infected
            by several makes a pair with each.
    """
    pairs = infected.select("infectors", "onset_date").explode("infectors").drop_nulls("infectors")
    known = pairs.join(
        cases.select(infectors="number", onset_before="onset_date"), on="infectors", how="left"
    )
    gaps = (known["onset_date"] - known["onset_before"]).dt.total_days().drop_nulls()
    counted = gaps.value_counts().sort(gaps.name)
    return Serial(
        n=gaps.len(),
        n_pairs=pairs.height,
        n_negative=int((gaps < 0).sum()),
        mean=_number(gaps.mean()),
        sd=_number(gaps.std()),
        median=_number(gaps.median()),
        days=tuple((int(gap), int(n)) for gap, n in counted.iter_rows()),
    )


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Offspring:
    """How many others each case infected.

    Attributes:
        n: cases old enough to have infected.
        n_young: cases left out as too young.
        n_infections: infections by them.
        mean: per case; None without a case.
        none_share: of cases that infected nobody known; None without a case.
        top_share: of infections that come from the TOP_SHARE of cases that infected most; None
            without an infection.
        counts: (infected, cases), sorted.
    """

    n: int
    n_young: int
    n_infections: int
    mean: float | None
    none_share: float | None
    top_share: float | None
    counts: tuple[tuple[int, int], ...]


def offspring(cases: pl.DataFrame, *, day: date) -> Offspring:
    """Return how infections are spread over cases; the young have not infected all they will.

    Args:
        cases: case_day, infected (how many name it).
        day: at whose end; cases of the last INCUBATION_DAYS are left out.
    """
    old = cases.filter(pl.col("case_day") <= day - timedelta(days=INCUBATION_DAYS))["infected"]
    n, total = old.len(), int(old.sum())
    counted = old.value_counts().sort("infected")
    return Offspring(
        n=n,
        n_young=cases.height - n,
        n_infections=total,
        mean=total / n if n else None,
        none_share=int((old == 0).sum()) / n if n else None,
        top_share=_of_the_top(old.sort(descending=True).to_list()) / total if total else None,
        counts=tuple((int(infected), int(m)) for infected, m in counted.iter_rows()),
    )


def _of_the_top(infected: list[int]) -> float:
    """Return the infections of the TOP_SHARE of cases; a case cut in two counts for its part."""
    many = TOP_SHARE * len(infected)
    whole = int(many + 1e-9)
    rest = many - whole
    part = rest * infected[whole] if rest > 1e-9 and whole < len(infected) else 0.0  # noqa: PLR2004
    return sum(infected[:whole]) + part


def by_generation(cases: pl.DataFrame) -> tuple[tuple[int | None, int], ...]:
    """Return (generation, cases), in order; None last: only circles lead there."""
    counted = cases.group_by("generation").agg(n=pl.len()).sort("generation", nulls_last=True)
    return tuple(counted.iter_rows())


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How the infection passed on in some days of some place.

    Attributes:
        attack: by setting: columns of ATTACK.
        n_watched: contacts left out of it, because their incubation is not over.
        serial: serial intervals of the cases of these days.
        offspring: what these cases infected.
        generations: (generation, cases) of those in a cluster.
    """

    attack: pl.DataFrame
    n_watched: int
    serial: Serial
    offspring: Offspring
    generations: tuple[tuple[int | None, int], ...]


def spread(
    every: pl.DataFrame,
    cases: pl.DataFrame,
    contacts: pl.DataFrame,
    *,
    start: date,
    day: date,
) -> Spread:
    """Return how the infection passed on.

    Args:
        every: all cases in view, so that an infector elsewhere is found: `clusters.MEMBERS`.
        cases: those of the place.
        contacts: those of the place: `followed.FOLLOWED`.
        start: first day: of the cases, and of the contacts' exposure.
        day: last day.
    """
    shown = cases.filter(pl.col("case_day").is_between(start, day))
    exposed = contacts.filter("is_counted", pl.col("exposed_on").is_between(start, day))
    over = mature(exposed, start=start, day=day)
    return Spread(
        attack=attack_rates(over),
        n_watched=exposed.height - over.height,
        serial=serial(every, shown),
        offspring=offspring(shown, day=day),
        generations=by_generation(shown.drop_nulls("cluster_id")),
    )
