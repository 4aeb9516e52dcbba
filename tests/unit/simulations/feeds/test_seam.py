"""What is asked of a feed, and the command line's table of commands."""

import argparse
import sys
from datetime import date
from types import ModuleType

import pytest

from simulations.cli import program
from simulations.feeds.model import FeedSpec


@pytest.mark.parametrize(("days", "thin"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, 1.1)])
def test_a_spec_that_means_nothing_is_refused(days: int, thin: float) -> None:
    with pytest.raises(ValueError, match="days is|thin is"):
        FeedSpec(first_day=date(2021, 9, 2), days=days, seed=1, thin=thin)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("a_command", "Divides.")

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("number", type=int)

    module.__dict__.update(add_arguments=add_arguments, run=lambda args: 6 // args.number)
    monkeypatch.setitem(sys.modules, "a_command", module)
    monkeypatch.setitem(program.COMMANDS, "divide", "a_command")


@pytest.mark.usefixtures("command")
def test_a_command_gets_its_arguments_and_gives_its_exit_code() -> None:
    assert program.main(["divide", "3"]) == 2  # noqa: PLR2004


@pytest.mark.usefixtures("command")
def test_what_a_command_could_not_do_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["divide", "0"]) == program.COULD_NOT
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert told.count("\n") == 1


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize("asked", [[], ["nothing"], ["divide"], ["divide", "x"]])
def test_bad_use_is_one_line_and_code_2(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        program.main(asked)
    assert stopped.value.code == program.BAD_USE
    assert capsys.readouterr().err.count("\n") == 1
