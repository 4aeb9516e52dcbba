"""The scenario page's levers: few at first sight, all that the command knows one click away."""

from typing import Any

import streamlit as st

from dashboard import resources, session
from dashboard.components import scenario_measures
from dashboard.components.markup import draw, element
from dashboard.components.scenario_measures import UNCHANGED, Refused
from dashboard.components.scenario_session import PAGE, ask, first_day
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.i18n import Translate
from dashboard.scenarios import AGES, Measure, Scenario

HORIZONS = (30, 120)
DRAWS, SEEDS = (10, 300), (0, 2**32 - 1)
MOST_DOSES = 10_000_000


@section("scenario_form")
def form_section() -> None:
    """Offer the levers."""
    seen = look(PAGE)
    t = seen.t
    draw(element("p", t("scenarios.warning"), class_="td-notice td-warn"))
    simulated = resources.simulated()
    if simulated is not None:
        draw(element("p", t("scenarios.full_scale", scale=simulated.scale)))
    usual = Scenario(name=t("scenarios.example"), first_day=first_day(seen))
    with st.form("scenario_levers"):
        levers = _first_sight(usual, t)
        with st.expander(t("scenarios.distancing")):
            rows = scenario_measures.rows(usual.first_day, days=HORIZONS[1], seen=seen)
        with st.expander(t("scenarios.vaccines")):
            levers |= _vaccines(usual, t)
        with st.expander(t("scenarios.more")):
            levers |= _more(usual, t)
        asked = st.form_submit_button(
            t("scenarios.run"), icon=":material/play_arrow:", type="primary"
        )
    if st.session_state.get(session.NO_CHANGE):
        st.info(t("scenarios.no_change"))
    if asked:
        _asked(levers, rows, usual, seen)


def _first_sight(usual: Scenario, t: Translate) -> dict[str, Any]:
    name = st.text_input(t("scenarios.name"), value=usual.name, max_chars=80)
    left, right = st.columns(2)
    doses = left.slider(t("scenarios.doses"), 0.0, 4.0, 1.0, 0.25)
    level = right.selectbox(t("scenarios.level"), scenario_measures.LEVELS,
                            format_func=lambda one: t(f"scenario_level.{one}"))  # fmt: skip
    laboratories = left.slider(t("scenarios.laboratories"), 0.5, 4.0, 1.0, 0.25)
    home = right.slider(t("scenarios.home"), 0, 100, round(usual.home_share * 100), 5)
    horizon = left.slider(t("scenarios.horizon"), *HORIZONS, usual.horizon, 10)
    return {
        "name": name.strip() or usual.name,
        "doses_factor": doses,
        "laboratory_factor": laboratories,
        "home_share": home / 100,
        "horizon": horizon,
        "distancing": () if level == UNCHANGED else (Measure(level=level),),
    }


def _vaccines(usual: Scenario, t: Translate) -> dict[str, Any]:
    left, right = st.columns(2)
    per_day = left.number_input(t("scenarios.doses_per_day"), 0, MOST_DOSES, None, 10_000,
                                placeholder=t("scenarios.as_planned"))  # fmt: skip
    second = right.number_input(t("scenarios.second_share"), 0, 100, None, 5,
                                placeholder=t("scenarios.as_planned"))  # fmt: skip
    order = st.multiselect(t("scenarios.order"), AGES[::-1], usual.order,
                           help=t("scenarios.order_help"), key="scenario_order")  # fmt: skip
    return {
        "doses_per_day": per_day,
        "second_share": None if second is None else second / 100,
        "order": tuple(order),
    }


def _more(usual: Scenario, t: Translate) -> dict[str, Any]:
    left, right = st.columns(2)
    return {
        "tracing_factor": left.slider(t("scenarios.tracers"), 0.0, 4.0, 1.0, 0.25),
        "contacts_per_case": right.slider(t("scenarios.contacts"), 0.0, 30.0,
                                          usual.contacts_per_case, 1.0),
        "quarantine_factor": left.slider(t("scenarios.places"), 0.5, 4.0, 1.0, 0.25),
        "stay_days": float(right.slider(t("scenarios.stay"), 1, 28, round(usual.stay_days))),
        "hospital_factor": left.slider(t("scenarios.beds"), 0.5, 4.0, 1.0, 0.25),
        "icu_factor": right.slider(t("scenarios.icu_beds"), 0.5, 4.0, 1.0, 0.25),
        "pool_size": left.slider(t("scenarios.pool"), 1, 50, usual.pool_size),
        "draws": right.slider(t("scenarios.draws"), *DRAWS, usual.draws, 10),
        "seed": left.number_input(t("scenarios.seed"), *SEEDS, usual.seed, 1,
                                  help=t("scenarios.seed_help")),
    }  # fmt: skip


def _asked(
    levers: dict[str, Any], rows: list[scenario_measures.Row], usual: Scenario, seen: Context
) -> None:
    if levers["doses_per_day"] is not None and levers["doses_factor"] != 1:
        st.warning(seen.t("scenarios.bad_doses"))
        return
    try:
        local = scenario_measures.measures(rows)
    except Refused as error:
        st.warning(seen.t(f"scenarios.{error.reason}", row=error.row))
        return
    # What is decided for some places stands over what is decided for the country.
    everywhere: tuple[Measure, ...] = levers.pop("distancing")
    ask(Scenario(first_day=usual.first_day, distancing=(*everywhere, *local), **levers), seen)
