"""The only `st.cache_resource`: what the process holds once. Everything here is thread-safe."""

import logging
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section, is_authlib_installed

from dashboard.api.desk import Desk
from dashboard.api.window import Window
from dashboard.claims import Trust
from dashboard.commands import COMMANDS
from dashboard.headline import HEADLINE
from dashboard.i18n import Translate
from dashboard.live import Beat, Pulse
from dashboard.memory import Memory
from dashboard.notes import Notebook
from dashboard.scenarios import Runs, Seat
from dashboard.signin.institution import Institution, check_areas, read_institution
from dashboard.signin.office import Office
from data_access import audit
from data_access.accounts.signin import has_demo_accounts
from data_access.alerts.follow import Watchman
from data_access.bulletins import shelf
from data_access.bulletins.model import Bulletin
from data_access.chain.follow import Follower
from data_access.codes import Level, Role
from data_access.cube.query import Ask
from data_access.errors import (
    DataAccessError,
    DatabaseUnavailable,
    SchemaMismatch,
    SettingsError,
)
from data_access.reference.model import Pack
from data_access.reference.pack import resolve_pack
from data_access.settings import Settings, read_settings
from data_access.shared import Shared, open_shared
from data_access.simulated import Simulated, SimulatedClock
from data_access.viewer import make_viewer, system_viewer

LOG = logging.getLogger("tuyendau.server")
WARM_DAYS = timedelta(days=60)
"""As far back as cards and their small lines look."""


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Return the settings of this process."""
    return read_settings()


@st.cache_resource(show_spinner=False)
def shared() -> Shared:
    """Return the shared database; a failure is not kept, the next call tries again."""
    held = open_shared(settings())
    # Whoever publishes does not wait for the file; whoever asks for it meanwhile does.
    held.bulletins.pack = partial(_pack_aside, held)
    return held


def _pack_aside(held: Shared, head: Bulletin) -> None:
    def work() -> None:
        try:
            shelf.pack(held, head)
        except Exception:
            LOG.exception("the file of a bulletin could not be made: its first reader makes it")

    threading.Thread(target=work, name="pack", daemon=True).start()


@st.cache_resource(show_spinner=False)
def pack() -> Pack:
    """Return the country pack: boundaries and notices for maps."""
    return resolve_pack(settings().pack or None)


@st.cache_resource(show_spinner=False, on_release=Desk.close)
def desk() -> Desk:
    """Return the desk that takes in deliveries over HTTP."""
    return Desk(shared(), settings(), follower=follower())


@st.cache_resource(show_spinner=False, on_release=Window.close)
def window() -> Window:
    """Return the window at which everybody reads what is published."""
    return Window()


@st.cache_resource(show_spinner=False)
def follower() -> Follower:
    """Return what brings the response chain up to the deliveries taken in over HTTP."""
    held = shared()
    return Follower(engine=held.engine, clock=held.clock, zone=held.zone.key)


@st.cache_resource(show_spinner=False)
def watchman() -> Watchman:
    """Return what raises alerts when figures have moved."""
    return Watchman(shared())


@st.cache_resource(show_spinner=False, on_release=Runs.close)
def runs() -> Runs:
    """Return the runs of scenarios of this process."""
    return Runs()


@st.cache_resource(show_spinner=False, scope="session", on_release=Seat.close)
def seat(who: str) -> Seat:
    """Return a session's place among those who wait for runs; given up when its screen closes."""
    return Seat(runs(), who)


@st.cache_resource(show_spinner=False, on_release=Notebook.close)
def notebook() -> Notebook:
    """Return what this process puts on record."""
    return Notebook(lambda *entries: audit.append(shared().engine, *entries))


@st.cache_resource(show_spinner=False)
def office() -> Office:
    """Return what knows who is signed in."""
    return Office(shared(), settings())


@st.cache_resource(show_spinner=False)
def institution() -> Institution | None:
    """Return the institution's own sign-in; None where it is not set up.

    Raises:
        SettingsError: if it is set up by halves.
    """
    headers = st.get_option("server.trustedUserHeaders")
    return read_institution(get_secrets_auth_section(), settings(), headers=headers)


def trust(found: Institution) -> Trust:
    """Return whose tokens count, and which provinces there are."""
    return Trust(issuer=found.issuer, client_id=found.client_id, provinces=province_codes)


def province_codes() -> frozenset[str]:
    """Return the codes of the provinces of all vintages."""
    areas = shared().areas
    tables = (areas.at(Level.PROVINCE.value, one.id) for one in areas.country.vintages)
    return frozenset(code for table in tables for code in table["code"].to_list())


def refuse_half_made() -> None:
    """Refuse to serve while the institution's own sign-in is set up by halves.

    Raises:
        SettingsError: naming what is missing or cannot be trusted.
    """
    found = institution()
    if found is None:
        return
    if not is_authlib_installed():
        raise SettingsError("[auth] is in secrets.toml, but Authlib is not installed")
    try:
        provinces = province_codes()
    except (DatabaseUnavailable, SchemaMismatch):
        return  # a province that there is not shows nothing
    check_areas(found, provinces)


def refuse_demonstration() -> None:
    """Refuse to serve accounts of a demonstration as if they were real.

    Raises:
        SettingsError: outside a demonstration, while the database holds some.
    """
    # Read first: keys of a demonstration are refused by the settings themselves.
    if settings().demo:
        return
    try:
        held = shared()
        found = has_demo_accounts(held.engine, viewer=system_viewer(held.clock()))
    except (DatabaseUnavailable, SchemaMismatch):
        return  # whoever signs in later is asked again: such accounts are let in nowhere else
    if found:
        raise SettingsError(
            "the database holds accounts of a demonstration, and TUYENDAU_DEMO is not set:"
            " remove them first (`python -m data_access user demo --remove`)"
        )


@st.cache_resource(show_spinner=False)
def memory() -> Memory:
    """Return what this process remembers of what it worked out."""
    return Memory()


@st.cache_resource(show_spinner=False)
def ear() -> str:
    """Return the key with which officials' screens hear of every commit; new with each start."""
    return secrets.token_urlsafe(24)


@st.cache_resource(show_spinner=False)
def pulse() -> Pulse:
    """Return the process's watch on the database."""
    return Pulse()


def warm() -> None:
    """Read what the overview needs, so that the first visitor after a start need not wait."""
    held = shared()
    held.figures(Ask(ids=HEADLINE), viewer=make_viewer(Role.NATIONAL, now=held.clock()))


def warm_pages(wanted_still: Callable[[], bool]) -> None:
    """Read what the command pages and the sync desk need, before anybody opens them.

    Args:
        wanted_still: asked between the pages; once it says no, the rest is left.
    """
    held = shared()
    viewer = make_viewer(Role.NATIONAL, now=held.clock())
    end = viewer.now.astimezone(held.zone).date()
    start = end - WARM_DAYS
    for page in COMMANDS.values():
        if wanted_still():
            held.figures(Ask(ids=page.cards, start=start, end=end), viewer=viewer)
    if wanted_still():
        from dashboard.settled import prepare  # noqa: PLC0415 -- its loaders stand on this module

        prepare(beat(settled=True))


def follow(wanted_still: Callable[[], bool]) -> None:
    """Bring the response chain up to what was taken in, if that is due."""
    follower().follow(wanted_still=wanted_still)


def raise_alerts(wanted_still: Callable[[], bool]) -> None:
    """Judge what has come in, raise alerts and send what is due, if that is due."""
    watchman().follow(wanted_still=wanted_still)


def simulated() -> Simulated | None:
    """Return where the simulation stands that feeds the database; None: it is none.

    A database that is away is met by the figures, not by this.
    """
    try:
        clock = shared().clock
    except DataAccessError:
        return None
    return clock.state if isinstance(clock, SimulatedClock) else None


def file_name(name: str, *, t: Translate) -> str:
    """Return the name of a download: one of a simulation says so, with its scale."""
    state = simulated()
    return name if state is None else f"{t('simulation.download')}-1-{state.scale}-{name}"


def beat(*, settled: bool = False) -> Beat:
    """Return what is known about the database right now, or a little while ago."""
    if not settled:
        return pulse().beat(shared())
    from dashboard.settled import prepare  # noqa: PLC0415 -- its loaders stand on this module

    return pulse().settled(shared(), prepare=prepare)
