"""Runs that are not over: waiting, how far, cancelled."""

import streamlit as st

from dashboard import errors, resources
from dashboard.components.scenario_session import PAGE, jobs, literal, who
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.scenarios import Job, RunState, digest

EVERY = 1.0


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
    text = seen.t(about, name=literal(job.scenario.name), percent=round(job.done * 100))
    left, right = st.columns([5, 1])
    left.progress(job.done, text=text)
    number = digest(job.scenario)
    right.button(seen.t("scenarios.cancel"), key=f"cancel_{number}", args=(number,),
                 on_click=resources.runs().cancel,
                 kwargs={"viewer": seen.viewer, "who": who()})  # fmt: skip
