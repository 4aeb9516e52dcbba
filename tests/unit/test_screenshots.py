"""The pictures that ship: every page, small files, and none that a text names is missing."""

import re
from itertools import product

from dashboard.navigation import PAGES
from scripts.screenshots import FOR_THE_PRESS, PROJECTED, ROOT, Shot, shots

FOLDER = ROOT / "docs" / "screenshots"
MOST_BYTES = 8_000_000


def test_every_page_is_taken_in_both_themes_and_both_languages() -> None:
    taken = {(shot.name, shot.theme, shot.lang) for shot in shots() if shot.screen == "desktop"}
    wanted = product([entry.key for entry in PAGES], [("light", "vi"), ("dark", "en")])
    assert {(key, *look) for key, look in wanted} <= taken


def test_pages_that_a_projector_turns_to_and_the_press_opens_are_among_them() -> None:
    projected = {entry.key for entry in PAGES if entry.projected}
    assert set(PROJECTED) <= projected
    press = {entry.key for entry in PAGES if "press" in entry.roles}
    assert set(FOR_THE_PRESS) <= press
    assert all("as=press" in shot.address for shot in shots() if shot.name.endswith("-press"))


def test_no_picture_is_taken_twice_under_one_name() -> None:
    found: list[Shot] = list(shots())
    assert len({shot.file for shot in found}) == len(found)


def test_the_pictures_that_ship_are_those_taken_and_stay_small() -> None:
    there = {path.name: path.stat().st_size for path in FOLDER.glob("*.png")}
    assert there.keys() == {shot.file for shot in shots()}
    assert sum(there.values()) < MOST_BYTES


def test_every_picture_that_the_readme_shows_is_there() -> None:
    named = re.findall(r"docs/screenshots/[\w.-]+", (ROOT / "README.md").read_text("utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []
