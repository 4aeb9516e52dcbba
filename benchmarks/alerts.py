"""How the statistical rules of alerts do on simulated outbreaks with truth.

    python -m benchmarks.alerts [--areas 63] [--days 150] [--seed 11] [--write]

Every statistical rule for areas below the nation is judged day by day on the series of
`simulations.planted`; --write puts the figures where the page of alerts reads them.
"""

import argparse
from collections.abc import Sequence
from datetime import date, timedelta

from data_access.alerts.backtest import Outbreak, Score, score
from data_access.alerts.backtested import FILE
from data_access.alerts.judge import Series
from data_access.alerts.model import Kind, Rule
from data_access.alerts.rules import SHIPPED, read_rules
from data_access.codes import Level
from simulations.planted import Planted, planted

FIRST = date(2021, 3, 1)
WARM_DAYS = 60
"""Days before the first one judged: the longest baseline."""
HEADS = ("rule", "alerts per area and week", "false", "outbreaks", "found", "median delay (days)")


def measured(areas: Sequence[Planted]) -> dict[str, tuple[Rule, Score]]:
    """Return how every statistical rule did."""
    day = [FIRST + timedelta(days=n) for n in range(len(areas[0].counts))]
    cases = [
        (Series(first=FIRST, values=one.counts, doubts=(None,) * len(one.counts)),
         [Outbreak(start=day[one.start], end=day[one.end])])
        for one in areas
    ]  # fmt: skip
    return {
        rule.key: (rule, score(rule, cases, start=day[WARM_DAYS], end=day[-1]))
        for rule in read_rules(SHIPPED).values()
        if rule.kind is not Kind.THRESHOLD and rule.level is not Level.NATIONAL
    }


def table(found: dict[str, tuple[Rule, Score]]) -> str:
    """Return the figures as a Markdown table."""
    lines = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
    for key, (_, one) in found.items():
        cells = (key, f"{one.per_area_week:.3f}", f"{one.false_per_area_week:.3f}",
                 str(one.n_outbreaks), f"{one.sensitivity or 0:.0%}",
                 "–" if one.delay is None else f"{one.delay:.0f}")  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def written(found: dict[str, tuple[Rule, Score]]) -> str:
    """Return the figures as the page reads them."""
    lines = ["# Written by `python -m benchmarks.alerts --write`; docs/alerts.md says how."]
    for key, (rule, one) in found.items():
        if one.sensitivity is None or one.delay is None:
            continue
        lines += ["", "[[rule]]", f'rule = "{key}"', f"version = {rule.version}",
                  f"per_area_week = {one.per_area_week:.4f}",
                  f"false_per_area_week = {one.false_per_area_week:.4f}",
                  f"sensitivity = {one.sensitivity:.4f}", f"delay = {one.delay:.1f}"]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--areas", type=int, default=63)
    parser.add_argument("--days", type=int, default=150)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--write", action="store_true", help="keep the figures for the page")
    args = parser.parse_args()
    found = measured(planted(args.seed, n_areas=args.areas, n_days=args.days, first=WARM_DAYS))
    print(table(found))
    if args.write:
        FILE.write_text(written(found), encoding="utf-8")


if __name__ == "__main__":
    main()
