"""Saved scenarios: save what came of a run, list what was saved, open it to compare."""

import streamlit as st

from dashboard import filters, formatting, loaders, scenario_shelf, session
from dashboard import scenario_words as words
from dashboard.components.markup import draw, element
from dashboard.components.scenario_scores import in_short
from dashboard.components.scenario_session import MOST, PAGE, jobs, opened
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.scenario_shelf import LONGEST_NAME, Saved
from dashboard.scenarios import Job, RunState, digest
from data_access.errors import NameTaken

LISTED = 20
VINTAGE = "63"
OPEN, CHANGED = "scenario_open", "scenario_open_changed"


@section("scenario_saved")
def saved_section() -> None:
    """Offer to save, list, and open."""
    seen = look(PAGE)
    draw(element("h2", seen.t("scenarios.saved"), class_="td-section"))
    _save(seen)
    every = scenario_shelf.listed(seen.viewer)
    if not every:
        draw(element("p", seen.t("scenarios.none_saved"), class_="td-absent"))
        return
    _list(every[:LISTED], seen)
    if len(every) > LISTED:
        draw(element("p", seen.t("scenarios.newest_only", n=LISTED, all=len(every)),
                     class_="td-absent"))  # fmt: skip
    _open(every, seen)


def _save(seen: Context) -> None:
    t = seen.t
    done = {digest(job.scenario): job for job in jobs(seen) if job.state is RunState.DONE}
    if not done or not scenario_shelf.may_keep(seen.viewer):
        return
    if filters.current().as_of:
        draw(element("p", t("scenarios.not_from_the_past"), class_="td-absent"))
        return
    numbers = list(done)[::-1]
    labels = {number: job.scenario.name for number, job in done.items()}
    with st.form("scenario_save"):
        left, middle, right = st.columns([3, 4, 2], vertical_alignment="bottom")
        number = left.selectbox(t("scenarios.save_which"), numbers, format_func=labels.__getitem__)
        name = middle.text_input(t("scenarios.save_as"), max_chars=LONGEST_NAME,
                                 placeholder=t("scenarios.save_hint"))  # fmt: skip
        asked = right.form_submit_button(t("scenarios.save"), icon=":material/save:")
    if asked:
        _keep(done[number], name, seen)


def _keep(job: Job, name: str, seen: Context) -> None:
    if not name.strip():
        _say(seen.t("scenarios.name_needed"), is_refused=True)
        return
    try:
        scenario_shelf.keep(job, name=name, author=_role(seen.viewer.role, seen.home or "", seen),
                            viewer=seen.viewer, zone=seen.zone)  # fmt: skip
    except NameTaken:
        _say(seen.t("scenarios.name_taken", name=name), is_refused=True)
    else:
        _say(seen.t("scenarios.kept", name=name))


def _say(text: str, *, is_refused: bool = False) -> None:
    # Not Streamlit's notices: they read Markdown, and a name is somebody's text.
    draw(element("p", text, class_="td-notice td-warn" if is_refused else "td-notice",
                 role="alert" if is_refused else "status"))  # fmt: skip


def _role(role: str, province: str, seen: Context) -> str:
    """Return an author in words: the role, and of a province its name."""
    if not province:
        return seen.t(f"role.{role}")
    return seen.t("role.province", name=loaders.area_name(
        province, language=seen.language, vintage=VINTAGE))  # fmt: skip


def _list(listed: list[Saved], seen: Context) -> None:
    t, language = seen.t, seen.language
    names = loaders.names(VINTAGE, language=language)
    rows = [
        (
            one.name,
            _role(one.role, one.province, seen),
            formatting.moment(one.created_at, language=language, zone=seen.zone),
            _span(one, seen),
            _levers(one, names, seen),
            in_short(one, seen),
        )
        for one in listed
    ]
    heads = tuple(t(f"scenarios.{name}") for name in
                  ("name", "author", "made", "days", "levers", "score"))  # fmt: skip
    draw(table(heads, rows, caption=t("scenarios.saved"), wide=True))


def _span(one: Saved, seen: Context) -> str:
    first = formatting.day(one.first_day, language=seen.language)
    if one.last_day is None:
        return first
    return f"{first} – {formatting.day(one.last_day, language=seen.language)}"


def _levers(one: Saved, names: dict[str, str], seen: Context) -> str:
    if one.scenario is None:
        return seen.t("scenarios.unreadable")
    found = words.levers(one.scenario, t=seen.t, language=seen.language, names=names)
    return "; ".join(found) or seen.t("scenarios.base")


def _open(every: list[Saved], seen: Context) -> None:
    t = seen.t
    labels = {one.scenario_id: _label(one, seen) for one in every}
    # The session is the truth: the widget comes back with it from another page.
    st.session_state[OPEN] = [one for one in opened() if one in labels]

    def chosen() -> None:
        st.session_state[session.OPENED] = list(st.session_state[OPEN])
        st.session_state[CHANGED] = True

    st.multiselect(t("scenarios.open"), list(labels), format_func=labels.__getitem__, key=OPEN,
                   max_selections=MOST, placeholder=t("scenarios.open_hint"),
                   on_change=chosen)  # fmt: skip
    if st.session_state.pop(CHANGED, False):
        st.rerun()  # what is drawn of it stands in another section


def _label(one: Saved, seen: Context) -> str:
    made = formatting.moment(one.created_at, language=seen.language, zone=seen.zone)
    return f"{one.name} ({made})"
