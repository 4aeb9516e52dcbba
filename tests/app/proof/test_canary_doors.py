"""What one may not see comes through no other door either: commands, addresses, logs.

Commands and addresses are found by reflection: one that nobody has thought of here fails.
"""

import argparse
import logging
import re
from collections.abc import Iterator, Sequence

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

from dashboard import server
from data_access.cli import program
from tests.app.proof import world
from tests.app.proof.conftest import Countries
from tests.app.proof.test_canary_pages import OTHER, secrets

pytestmark = [pytest.mark.app, pytest.mark.slow]
PROVINCE, PRESS = f"province:{world.OWN}", "press"
SPAN = ("--from", "2021-08-25", "--to", "2021-09-01")
IDS = ("cases", "deaths", "samples_collected", "quarantine_beds", "contacts_listed", "doses")
QUERIES = (
    (*IDS, *SPAN),
    (*IDS, "--level", "province", *SPAN),
    ("cases", "--level", "district", *SPAN),
    ("cases", "--area", OTHER, *SPAN),
    ("samples_collected", "--by", "lab", *SPAN),
    ("quarantine_occupancy", "--level", "province", "--reported", "--format", "json"),
    ("cases", "--source", "later", *SPAN),
    ("cases", "--bulletin", "1", "--level", "province"),
    ("cases", "--bulletin", "2"),
    ("cases", "--bulletin", "3"),
    ("quarantine_beds", "--vintage", "34", "--level", "province"),
)
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "query": QUERIES,
    "level": ((world.OWN, "--on", "2021-09-01"), (OTHER, "--on", "2021-09-01", "--json")),
    "export-records": tuple(
        (platform, *more)
        for platform in ("tracing", "quarantine", "testing")
        for more in ((), ("--as-of", "2021-09-02T02:00:00Z"))
    ),
    "bulletin list": ((), ("--json",)),
    "bulletin show": (("1",), ("2",), ("3", "--json")),
    "bulletin diff": (("1",), ("2",), ("3",)),
    "bulletin revisions": (("1",), ("2",), ("3",)),
    "bulletin verify": (("1",), ("2",), ("3",)),
    "level-inputs list": ((), ("--json",)),
    "rollout list": ((),),
    "rollout export": ((), ("--history",)),
    "needs list": ((), ("--json",)),
    "needs show": (("N-1",),),
    "proposals list": ((),),
    "proposals show": (("P-1",),),
    "alerts list": ((), ("--json",)),
    "alerts show": (("1",),),
    "audit head": ((),),
    "audit list": ((),),
    "audit verify": ((),),
}
"""What is asked with `--as` of each command, without it."""
ACTS = {
    "bulletin cut": "changes what is kept; who may is tested in tests/db/bulletins/test_life.py",
    "bulletin accept": "as cut",
    "bulletin signoff": "as cut",
    "bulletin approve": "as cut",
    "bulletin publish": "as cut",
    "bulletin withdraw": "as cut",
    **dict.fromkeys(
        [f"alerts {one}" for one in ("ack", "assign", "note", "escalate", "close", "run", "send")],
        "changes what is kept; who may is tested in tests/db/alerts",
    ),
    "alerts backtest": "of rules on figures of everybody's past; for officials",
    "level-inputs set": "changes what is kept; who may is tested in tests/db/levels/test_hand.py",
    "level-inputs import": "as level-inputs set",
    "needs add": "changes what is kept; who may is tested in tests/db/work",
    "needs move": "as needs add",
    "proposals add": "as needs add",
    "proposals move": "as needs add",
    "rollout import": "changes what is kept; who may is tested in tests/db/rollout",
    "bulletin export": "writes a folder; tests/db/bulletins/test_read.py compares it",
}
"""Commands with `--as` that are not asked here, and why."""
PRESS_KNOWS = {
    "query",
    # These answer the press with a list of nothing.
    "needs list",
    "proposals list",
    "rollout list",
    "rollout export",
    "level-inputs list",
    *(f"bulletin {one}" for one in ("list", "show", "diff", "verify", "revisions")),
}
"""Commands that have something to tell the press: of what is published."""


def commands(parser: argparse.ArgumentParser, name: str = "") -> Iterator[str]:
    """Return every command that takes `--as`."""
    for action in parser._actions:  # noqa: SLF001 -- argparse tells its parts in no other way
        if "--as" in action.option_strings:
            yield name
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for word, each in action.choices.items():
                yield from commands(each, f"{name} {word}".strip())


def test_every_command_that_takes_a_role_is_asked_or_excused() -> None:
    assert set(commands(program.make_parser())) == set(COMMANDS) | set(ACTS)


def said(
    words: Sequence[str], role: str, url: str, patch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> str:  # fmt: skip
    patch.setenv("TUYENDAU_DATABASE_URL", url)
    patch.setenv("TUYENDAU_NOW", world.NOW.isoformat())
    capfd.readouterr()
    code = program.main([*words, "--as", role])
    out, error = capfd.readouterr()
    assert "internal fault" not in error, words
    return f"{code}\n{out}\n{error}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_tells_a_province_nothing_of_the_others(
    command: str, countries: Countries, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for more in COMMANDS[command]:
        words = [*command.split(), *more]
        first, second = (
            said(words, PROVINCE, url, monkeypatch, capfd)
            for url in (countries.plain, countries.changed)
        )
        assert not any(world.mark(one) in first for one in world.OTHERS), words
        if not command.startswith("bulletin"):
            assert first == second, words


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_tells_the_press_nothing_unpublished(
    command: str, countries: Countries, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for more in COMMANDS[command]:
        words = [*command.split(), *more]
        first, second = (
            said(words, PRESS, url, monkeypatch, capfd)
            for url in (countries.plain, countries.later)
        )
        assert first == second, words
        assert secrets([second]) == [], words
        if command not in PRESS_KNOWS:
            assert not first.startswith("0"), words


def test_the_commands_can_tell(
    countries: Countries, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    told = said(["query", *QUERIES[1]], "national", countries.later, monkeypatch, capfd)
    assert secrets([told])
    records = said(["export-records", "testing"], "national", countries.plain, monkeypatch, capfd)
    assert world.mark(OTHER) in records


# --- addresses ----------------------------------------------------------------------------------

PARTS: dict[str, tuple[str, ...]] = {
    "platform": ("testing", "tracing"),
    "digest": ("0" * 16,),
    "name": ("x.geojson", "map.js"),
    "n": ("1", "2", "3"),
    "number": ("1", "2", "3"),
    "id": ("cases", "quarantine_beds"),
    "indicator": ("cases", "quarantine_beds"),
}
"""What stands for a part of an address, by its name."""
QUESTIONS = ("", "?area=48", "?ids=cases&level=province", "?as=national&role=national&bulletin=2")
OF_THE_PROCESS = {"/metrics": "numbers of the process, which count requests, not people"}
BY_ITSELF = {
    "/live": "a socket: it says that something was published, to officials also of commits"
}


def addresses(
    routes: Sequence[BaseRoute], prefix: str = ""
) -> Iterator[tuple[str, frozenset[str]]]:
    """Return every address with the methods that it takes."""
    for route in routes:
        if isinstance(route, Mount):
            yield from addresses(inner(route), prefix + route.path)
        elif isinstance(route, Route):
            yield prefix + route.path, frozenset(route.methods or ())
        else:
            assert isinstance(route, WebSocketRoute)
            assert route.path in BY_ITSELF


def inner(mount: Mount) -> Sequence[BaseRoute]:
    """Return the routes below a mount, through what is wrapped around them."""
    app: object = mount.app
    while not getattr(app, "routes", None):
        app = app.app  # type: ignore[attr-defined]
    return list(app.routes)  # type: ignore[attr-defined]


ADDRESSES = sorted(addresses(server.ROUTES))


def concrete(path: str) -> list[str]:
    """Return a path with every part filled in, in every way."""
    found = [path]
    for part in re.findall(r"\{(\w+)(?::\w+)?\}", path):
        if part not in PARTS:
            pytest.fail(f"{path}: say in PARTS what stands for {part}")
        found = [re.sub(r"\{" + part + r"(:\w+)?\}", value, one)
                 for one in found for value in PARTS[part]]  # fmt: skip
    return found


@pytest.fixture
def _demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", world.NOW.isoformat())


def answers(url: str, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return status, headers and body of every address, asked by nobody in particular."""
    st.cache_data.clear()
    st.cache_resource.clear()
    patch.setenv("TUYENDAU_DATABASE_URL", url)
    app = Starlette(routes=list(server.ROUTES), middleware=list(server.MIDDLEWARE))
    found = {}
    with TestClient(app, raise_server_exceptions=False) as client:
        for path, methods in ADDRESSES:
            for one in concrete(path):
                for question in QUESTIONS:
                    for method in sorted(methods & {"GET", "POST"}):
                        answer = client.request(method, one + question, follow_redirects=False)
                        headers = sorted(
                            (name, value) for name, value in answer.headers.items()
                            if name not in {"set-cookie", "date"}
                        )  # fmt: skip
                        told = f"{answer.status_code} {headers}\n{answer.content!r}\n{answer.text}"
                        found[f"{method} {one}{question}"] = told
    return found


@pytest.mark.usefixtures("_demonstration")
def test_no_address_tells_nobody_anything_unpublished(
    countries: Countries, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first, second = (answers(url, monkeypatch) for url in (countries.plain, countries.later))
    assert set(first) == set(second)
    for address, told in second.items():
        assert not told.startswith("5"), (address, told[:300])
        assert secrets([told]) == [], address
        assert not any(world.mark(one) in told for one in (world.OWN, *world.OTHERS)), address
        if not any(path in address for path in OF_THE_PROCESS):
            assert without_marks(told) == without_marks(first[address]), address
    assert secrets([caplog.text]) == []
    assert not any(world.mark(one) in caplog.text for one in world.OTHERS)


def without_marks(text: str) -> str:
    """Return a form without the mark that binds it to one browser."""
    return re.sub(r'name="mark" value="[^"]*"', "", text)


def test_there_are_addresses_and_no_exception_is_stale() -> None:
    paths = {path for path, _ in ADDRESSES}
    assert len(paths) > 8
    assert set(OF_THE_PROCESS) <= paths
