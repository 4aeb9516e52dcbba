"""What `make run` does with a database file: built whole or not at all, never over a good one."""

import argparse
import os
from pathlib import Path

import pytest

from data_access.errors import BadInput
from scripts import prepare
from scripts.build import COULD_NOT, INTERRUPTED, ending

OPTIONS = argparse.Namespace(data=None, simulation=True)


class Building:
    """Stands for `scripts.build`; what it builds is a word in the file."""

    def __init__(self, *, fails: bool = False, is_ours: bool = True) -> None:
        self.fails, self.is_ours = fails, is_ours
        self.calls: list[str] = []

    def is_of_this_country(self, _url: str) -> bool:
        return self.is_ours

    def bring_up_to_date(self, url: str) -> None:
        self.calls.append(url)

    def build(self, *, data: Path | None, is_simulation: bool, announce: object) -> None:
        assert (data, is_simulation, callable(announce)) == (None, True, True)
        Path(os.environ["TUYENDAU_DATABASE_URL"].removeprefix("sqlite:///")).write_text("new")
        self.calls.append("built")
        if self.fails:
            raise BadInput("no")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", "")
    return tmp_path / "var" / "a.sqlite"


def test_a_file_appears_when_it_is_complete(file: Path) -> None:
    with pytest.raises(BadInput):
        prepare.prepare_file(Building(fails=True), file, options=OPTIONS)
    assert not file.exists()
    prepare.prepare_file(Building(), file, options=OPTIONS)
    assert [each.name for each in file.parent.iterdir()] == ["a.sqlite"]
    assert file.read_text() == "new"


@pytest.mark.parametrize(("is_ours", "holds"), [(True, "old"), (False, "new")])
def test_a_file_that_is_there_is_kept_unless_it_is_another_simulation(
    file: Path, *, is_ours: bool, holds: str
) -> None:
    file.parent.mkdir()
    file.write_text("old")
    building = Building(is_ours=is_ours)
    prepare.prepare_file(building, file, options=OPTIONS)
    assert file.read_text() == holds
    assert building.calls == ([f"sqlite:///{file}"] if is_ours else ["built"])


def test_a_build_that_cannot_be_done_ends_with_a_line_and_a_code(capsys) -> None:
    def refuses() -> None:
        raise BadInput("the file is empty")

    def stops() -> None:
        raise KeyboardInterrupt

    assert ending(refuses) == COULD_NOT
    assert capsys.readouterr().err == "the file is empty\n"
    assert ending(stops) == INTERRUPTED
    assert ending(lambda: None) == 0
