"""Every text exists in both languages, is used, and carries no markup."""

import ast
import re
import string
from pathlib import Path

import pytest

from dashboard.commands import COMMANDS
from dashboard.i18n import LANGUAGES, pick, texts, translator
from dashboard.navigation import PAGES
from dashboard.testing_tables import STEPS as SAMPLE_STEPS
from data_access.accounts.model import RULES
from data_access.chain.cells import AGES
from data_access.chain.followed import STEPS
from data_access.chain.records import CHAIN_PLATFORM
from data_access.codes import Role, Status
from data_access.freshness import LATE, NEVER, ON_TIME, SILENT
from data_access.indicators.model import Unit
from data_access.indicators.registry import INDICATORS
from data_access.ingest.mapping import DELIVERERS
from data_access.sync.rules import DEBT_PARTS
from data_access.tokens import Purpose, State
from simulations.epidemic.parameters import LEVELS
from simulations.scenario.run import QUANTITIES, country

CUTS = [cut for page in COMMANDS.values() for cut in page.cuts]
# Codes that the roll-ups make and no contract names.
UNLABELLED = {"age": AGES}
ROOT = Path(__file__).resolve().parents[3]
SOURCES = [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")]


def literals() -> set[str]:
    return {
        node.value.removeprefix(".")  # the end of f"{page}.title"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def names_made_at_run_time() -> set[str]:
    return {
        *literals(),
        *(status.name.lower() for status in Status),
        *(role.value for role in Role),
        *(unit.value for unit in Unit),
        *DELIVERERS,
        CHAIN_PLATFORM,
        *STEPS,
        *(ON_TIME, LATE, SILENT, NEVER),
        *(page.key for page in PAGES),
        *(part.key for part in DEBT_PARTS),
        *("info", "warning", "serious"),
        *LEVELS,
        *QUANTITIES,
        *(f"{way}{week}" for way in ("up", "down", "same") for week in ("", "_week")),
        *(step.replace("samples_", "step_") for step in SAMPLE_STEPS),
        *(cut.by for cut in CUTS),
        *(f"{platform}_{cut.by}" for platform in DELIVERERS for cut in CUTS),
        *(f"{CHAIN_PLATFORM}_{cut.by}" for cut in CUTS),
        *(f"{name}.{code}" for name, codes in UNLABELLED.items() for code in codes),
        *country().groups,
        *(f"refused.{rule}" for rule in RULES),
        *(purpose.value for purpose in Purpose),
        *(state.value for state in State),
        *(f"line_{line.key}" for one in INDICATORS.values() for line in one.thresholds),
    }


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert set(texts("vi")) == set(texts("en"))


def test_both_languages_have_the_same_placeholders() -> None:
    differing = {
        key
        for key in texts("vi")
        if placeholders(texts("vi")[key]) != placeholders(texts("en")[key])
    }
    assert differing == set()


def test_every_text_is_used() -> None:
    used = names_made_at_run_time()
    unused = {key for key in texts("vi") if key not in used and key.split(".", 1)[1] not in used}
    assert unused == set()


def test_every_key_that_is_written_out_exists() -> None:
    sections = {key.split(".")[0] for key in texts("vi")}
    shape = re.compile(rf"^({'|'.join(sections)})\.[a-z_]+$")
    # File names and module paths look alike; those that are no key are listed.
    known = set(texts("vi")) | {"map.js", "live.js", "app.py"}
    assert {text for text in literals() if shape.match(text)} - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_holds_markup(language: str) -> None:
    assert {key for key, text in texts(language).items() if "<" in text or "&" in text} == set()


def test_a_missing_placeholder_is_an_error() -> None:
    t = translator("vi")
    with pytest.raises(KeyError):
        t("header.until", wrong=1)
    with pytest.raises(KeyError):
        t("header.not_a_key")


def test_pick_falls_back_to_vietnamese() -> None:
    assert pick("Ca mắc", "Cases", language="en") == "Cases"
    assert pick("Ca mắc", "", language="en") == "Ca mắc"
    assert pick("Ca mắc", "Cases", language="vi") == "Ca mắc"


def test_an_unknown_language_is_vietnamese() -> None:
    assert translator("xx")("overview.title") == "Tổng quan"
