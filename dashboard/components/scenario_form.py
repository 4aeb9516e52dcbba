"""The scenario page's levers, and the run: waiting, how far, cancelled, failed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from dashboard import errors, resources, session
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.scenarios import EARLIEST, LATEST, Job, Measure, RunState, Scenario, digest

PAGE = "scenarios"
MOST = 4
EVERY = 1.0
UNCHANGED = "unchanged"
LEVELS = (UNCHANGED, "none", "directive_19", "directive_15", "directive_16", "directive_16_plus")


def first_day(seen: Context) -> date:
    """Return the first day of scenarios: after the day on screen, within what is calibrated."""
    after = (seen.day or LATEST) + timedelta(days=1)
    return min(max(after, EARLIEST), LATEST)


def base(seen: Context) -> Scenario:
    """Return the scenario that all are compared with."""
    return Scenario(name=seen.t("scenarios.base"), first_day=first_day(seen))


def jobs(seen: Context) -> list[Job]:
    """Return this session's runs that still exist, the base first."""
    mine: dict[str, str] = st.session_state.get(session.SCENARIOS, {})
    found = {number: resources.runs().find(number, viewer=seen.viewer) for number in mine}
    # A run may be shared with others: its name is what this session calls it.
    return [
        replace(job, scenario=replace(job.scenario, name=mine[number]))
        for number, job in found.items()
        if job
    ]


@section("scenario_form")
def form_section() -> None:
    """Offer the levers; few at first sight."""
    seen = look(PAGE)
    t = seen.t
    draw(element("p", t("scenarios.warning"), class_="td-notice td-warn"))
    simulated = resources.simulated()
    if simulated is not None:
        draw(element("p", t("scenarios.full_scale", scale=simulated.scale)))
    with st.form("scenario_levers"):
        name = st.text_input(t("scenarios.name"), value=t("scenarios.example"), max_chars=80)
        left, right = st.columns(2)
        doses = left.slider(t("scenarios.doses"), 0.0, 4.0, 1.0, 0.25)
        level = right.selectbox(t("scenarios.level"), LEVELS,
                                format_func=lambda one: t(f"scenario_level.{one}"))  # fmt: skip
        laboratories = left.slider(t("scenarios.laboratories"), 0.5, 4.0, 1.0, 0.25)
        home = right.slider(t("scenarios.home"), 0, 100, 30, 5)
        with st.expander(t("scenarios.more")):
            tracers = st.slider(t("scenarios.tracers"), 0.0, 4.0, 1.0, 0.25)
            places = st.slider(t("scenarios.places"), 0.5, 4.0, 1.0, 0.25)
            beds = st.slider(t("scenarios.beds"), 0.5, 4.0, 1.0, 0.25)
            icu = st.slider(t("scenarios.icu_beds"), 0.5, 4.0, 1.0, 0.25)
        asked = st.form_submit_button(t("scenarios.run"), icon=":material/play_arrow:")
    if st.session_state.get(session.NO_CHANGE):
        st.info(t("scenarios.no_change"))
    if asked:
        _ask(seen, name=name.strip() or t("scenarios.example"), doses_factor=doses,
             laboratory_factor=laboratories, home_share=home / 100, tracing_factor=tracers,
             quarantine_factor=places, hospital_factor=beds, icu_factor=icu,
             distancing=() if level == UNCHANGED else (Measure(level=level),))  # fmt: skip


def _ask(seen: Context, **levers: Any) -> None:  # noqa: ANN401 - fields of Scenario
    runs, start = resources.runs(), base(seen)
    first = runs.ask(start, viewer=seen.viewer)
    second = runs.ask(replace(start, **levers), viewer=seen.viewer)
    held: dict[str, str] = st.session_state.get(session.SCENARIOS, {})
    earlier = [one for one in held.items() if one[0] not in {first, second}][-(MOST - 2) :]
    asked = [
        (first, start.name),
        *earlier,
        *([(second, levers["name"])] if second != first else []),
    ]
    st.session_state[session.SCENARIOS] = dict(asked)
    st.session_state[session.NO_CHANGE] = second == first
    st.rerun()


@section("scenario_progress")
def progress_section() -> None:
    """Show what still runs, every second, without drawing the page again."""
    if any(job.open for job in jobs(look(PAGE))):
        _running()


@st.fragment(run_every=EVERY)
def _running() -> None:
    with errors.shown():
        seen = look(PAGE)
        found = jobs(seen)
        for job in found:
            if job.open:
                _bar(job, seen)
        if not any(job.open for job in found):
            st.rerun()


def _bar(job: Job, seen: Context) -> None:
    about = "scenarios.running" if job.state is RunState.RUNNING else "scenarios.waiting"
    text = seen.t(about, name=job.scenario.name, percent=round(job.done * 100))
    left, right = st.columns([5, 1])
    left.progress(job.done, text=text)
    if right.button(seen.t("scenarios.cancel"), key=f"cancel_{digest(job.scenario)}"):
        resources.runs().cancel(digest(job.scenario), viewer=seen.viewer)
