"""What the rollout page shows, worked out from what was said and what the cube measured. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from data_access.rollout import standing
from data_access.rollout.measured import Measured
from data_access.rollout.model import MANDATED
from data_access.rollout.readiness import Readiness, ranked, readiness
from data_access.rollout.rules import Rules

Row = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """The rollout at a moment, of the provinces in view.

    Attributes:
        found: every version in view.
        measured: what the cube says.
        codes: the provinces in view.
        now: the moment.
        today: its local day.
        rules: weights and targets.
        stands: (province, platform) → what stands.
        teams: what stands of every team.
        tickets: every ticket, the newest first.
        desk: figures by severity.
        ready: province → readiness.
        silent: provinces of which nothing was said for too long, or ever.
    """

    found: pl.DataFrame
    measured: Measured
    codes: tuple[str, ...]
    now: datetime
    today: date
    rules: Rules
    stands: Mapping[tuple[str, str], Row]
    teams: pl.DataFrame
    tickets: pl.DataFrame
    desk: pl.DataFrame
    ready: Mapping[str, Readiness]
    silent: frozenset[str]

    @property
    def order(self) -> list[str]:
        """The provinces, the readiest first."""
        return ranked(self.ready)

    def n_live(self, platform: str) -> int:
        """Return how many provinces use a platform, of those heard of lately."""
        return sum(
            bool(row["is_live"]) and not row["is_stale"] and row["side"] != "tam_dung"
            for (_, of), row in self.stands.items()
            if of == platform
        )

    @property
    def n_teams(self) -> int:
        """How many provinces formed a team."""
        return self.teams.filter(pl.col("status").is_in(standing.FORMED)).height

    def open_of(self, severity: str) -> int:
        """Return the open tickets of a severity."""
        own = self.desk.filter(pl.col("severity") == severity)
        return int(own["n_open"].sum())

    def breach_share(self) -> float | None:
        """Return the share of recent tickets that passed a target; None without any."""
        n = int(self.desk["n_opened"].sum())
        return int(self.desk["n_breached"].sum()) / n if n else None

    def captured(self, part: str) -> float | None:
        """Return a capture rate over all provinces in view; None where nothing was reported."""
        own = self.measured.captured.filter(pl.col("part") == part)
        report = float(own["report"].sum())
        return float(own["platform"].sum()) / report if report else None

    def active_share(self) -> float | None:
        """Return active over registered places of all provinces in view."""
        n = int(self.measured.places["n_places"].sum())
        return int(self.measured.places["n_active"].sum()) / n if n else None

    def recent(self) -> pl.DataFrame:
        """Return the tickets that make the desk's figures."""
        since = self.now - timedelta(days=self.rules.desk_days)
        return self.tickets.filter(pl.col("opened") >= pl.lit(since).cast(pl.Datetime("us", "UTC")))


def rollout(  # noqa: PLR0913 -- what a moment is made of
    found: pl.DataFrame,
    measured: Measured,
    *,
    codes: tuple[str, ...],
    now: datetime,
    today: date,
    rules: Rules,
) -> Rollout:
    """Return the rollout at a moment."""
    stands = standing.matrix(standing.deployments(found, now=now, stale=rules.stale, today=today))
    teams = standing.teams(found).filter(pl.col("province").is_in(codes))
    last = standing.last_said(found)
    silent = frozenset(c for c in codes if c not in last or now - last[c] > rules.stale)
    tickets = standing.tickets(found, now=now, targets=rules.desk)
    ready = {
        code: readiness(
            _values(code, stands, teams, measured, is_silent=code in silent),
            parts=rules.parts, fewest_known=rules.fewest_known,
        )
        for code in codes
    }  # fmt: skip
    return Rollout(
        found=found, measured=measured, codes=codes, now=now, today=today, rules=rules,
        stands=stands, teams=teams, tickets=tickets, ready=ready, silent=silent,
        desk=standing.desk(tickets, since=now - timedelta(days=rules.desk_days)),
    )  # fmt: skip


def _values(
    code: str,
    stands: Mapping[tuple[str, str], Row],
    teams: pl.DataFrame,
    measured: Measured,
    *,
    is_silent: bool,
) -> dict[str, float | None]:
    """Return part → value; what was said too long ago is not known, whatever it was."""
    values = measured.values(code)
    for platform in MANDATED:
        row = stands.get((code, platform))
        known = row is not None and not row["is_stale"]
        values[f"stage_{platform}"] = float(str(row["stage_number"])) if row and known else None
    own = teams.filter(pl.col("province") == code)
    values["team"] = own["value"][0] if own.height and not is_silent else None
    return values
