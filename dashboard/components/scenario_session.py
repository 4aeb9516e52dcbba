"""What this session has asked for and opened: runs and saved scenarios, at most four on screen."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

import polars as pl
import streamlit as st

from dashboard import loaders, resources, scenario_shelf, session
from dashboard.context import Context
from dashboard.scenario_shelf import Saved
from dashboard.scenarios import (
    EARLIEST,
    LATEST,
    NATION,
    Job,
    RunState,
    Scenario,
    digest,
    seen_bands,
)

PAGE = "scenarios"
MOST = 4
_Run = TypeVar("_Run")
_Opened = TypeVar("_Opened")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A scenario on screen.

    Attributes:
        name: for readers.
        bands: `date, area_code, quantity` and the seven quantiles, of areas in the viewer's sight.
        job: the run it comes from; None: it was opened as it was saved.
        saved: what it was saved as; None: it was run here.
    """

    name: str
    bands: pl.DataFrame
    job: Job | None = None
    saved: Saved | None = None


def first_day(seen: Context) -> date:
    """Return the first day of scenarios: after the day on screen, within what is calibrated."""
    after = (seen.day or LATEST) + timedelta(days=1)
    return min(max(after, EARLIEST), LATEST)


def home_area(seen: Context) -> str:
    """Return the area a viewer looks at first: the nation, or their own province."""
    return seen.home or NATION


def who() -> str:
    """Return this session's name among those who wait for runs, and take its place there."""
    if session.VISITOR not in st.session_state:
        st.session_state[session.VISITOR] = secrets.token_hex(8)
    mine: str = st.session_state[session.VISITOR]
    resources.seat(mine)
    return mine


def base_of(scenario: Scenario, seen: Context) -> Scenario:
    """Return the scenario without levers that another one is compared with."""
    return Scenario(
        name=seen.t("scenarios.base"),
        first_day=scenario.first_day,
        horizon=scenario.horizon,
        draws=scenario.draws,
        seed=scenario.seed,
    )


def ask(scenario: Scenario, seen: Context) -> None:
    """Ask for a scenario beside its base, and draw the page again.

    Raises:
        BadUse: if too many wait.
    """
    runs, start = resources.runs(), base_of(scenario, seen)
    first = runs.ask(start, viewer=seen.viewer, who=who())
    second = runs.ask(scenario, viewer=seen.viewer, who=who())
    newest = {second: scenario.name} if second != first else {}
    held: dict[str, str] = st.session_state.get(session.SCENARIOS, {})
    earlier = [one for one in held.items() if one[0] not in {first, second}]
    # Both stay on screen; what is left of the four goes to the saved ones, then to earlier runs.
    kept, open_still = fit(earlier, opened(), most=MOST - 1 - len(newest))
    st.session_state[session.SCENARIOS] = {first: start.name} | dict(kept) | newest
    st.session_state[session.OPENED] = open_still
    st.session_state[session.NO_CHANGE] = second == first
    st.rerun()


def jobs(seen: Context) -> list[Job]:
    """Return this session's runs that still exist, in the order they were asked for."""
    mine: dict[str, str] = st.session_state.get(session.SCENARIOS, {})
    me = who()
    found = ((resources.runs().find(number, viewer=seen.viewer), mine[number]) for number in mine)
    # A run may be shared with others: its name is what this session calls it, and who cancelled
    # it is done with it, also when others wait on.
    return [
        replace(
            job,
            scenario=replace(job.scenario, name=name),
            state=job.state if me in job.waiters else RunState.CANCELLED,
        )
        for job, name in found
        if job
    ]


def opened() -> list[str]:
    """Return the ids of the saved scenarios that are opened."""
    listed: list[str] = st.session_state.get(session.OPENED, [])
    return list(listed)


def fit(
    runs: Sequence[_Run], opened_: Sequence[_Opened], *, most: int = MOST
) -> tuple[list[_Run], list[_Opened]]:
    """Return what is shown of both, `most` at the most: saved ones first, of runs the newest."""
    kept = list(opened_)[max(len(opened_) - most, 0) :]
    room = most - len(kept)
    return list(runs)[max(len(runs) - room, 0) :], kept


def shown(seen: Context) -> list[Shown]:
    """Return what is on screen: runs that are done, then the saved ones that are opened."""
    done = [job for job in jobs(seen) if job.state is RunState.DONE]
    wanted = opened()
    # No question to the database for who has opened nothing: a run is seen while it is away.
    known = {one.scenario_id: one for one in scenario_shelf.listed(seen.viewer)} if wanted else {}
    runs, kept = fit(done, [known[one] for one in wanted if one in known])
    return [
        *(Shown(name=job.scenario.name, bands=seen_bands(job, viewer=seen.viewer), job=job)
          for job in runs),
        *(Shown(name=one.name, saved=one, bands=loaders.scenario_bands(
            viewer=seen.viewer, scenario_id=one.scenario_id, token=seen.token)) for one in kept),
    ]  # fmt: skip


def base_among(job: Job, every: Sequence[Job], seen: Context) -> Job | None:
    """Return the run that another is compared with; None: it is not there, or it is the base."""
    wanted = digest(base_of(job.scenario, seen))
    if digest(job.scenario) == wanted:
        return None
    return next((one for one in every if digest(one.scenario) == wanted), None)


def literal(text: str) -> str:
    """Return somebody's text for a widget that reads Markdown: every sign stands for itself."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
