"""Every text exists in both languages, is used, and carries no markup."""

import ast
import re
import string
from pathlib import Path

import pytest

from dashboard.bulletin_steps import ALLOWED
from dashboard.commands import COMMANDS
from dashboard.i18n import LANGUAGES, pick, texts, translator
from dashboard.levels import NAMES as LEVEL_NAMES
from dashboard.navigation import PAGES
from dashboard.testing_tables import STEPS as SAMPLE_STEPS
from dashboard.view import BOARDS
from dashboard.work import VALUES as WORK_VALUES
from data_access.accounts.model import RULES
from data_access.alerts.model import Action, Doubt, Severity, Standing
from data_access.alerts.model import State as AlertState
from data_access.alerts.rules import LEVELS as LEVELS_OF_ALERTS
from data_access.bulletins.model import State as Bulletin
from data_access.chain.cells import AGES
from data_access.chain.followed import STEPS
from data_access.chain.records import CHAIN_PLATFORM
from data_access.codes import Role, Status
from data_access.estimates import nowcast, reproduction
from data_access.estimates.serial_interval import PERIODS
from data_access.freshness import LATE, NEVER, ON_TIME, SILENT
from data_access.indicators.model import Unit
from data_access.indicators.registry import INDICATORS
from data_access.ingest.mapping import DELIVERERS
from data_access.needs.flow import NEEDS
from data_access.proposals.criteria import stages
from data_access.proposals.flow import PROPOSALS
from data_access.rollout import model as rollout
from data_access.rollout.measured import CAPTURED
from data_access.rollout.rules import rules as rollout_rules
from data_access.sync.rules import DEBT_PARTS
from data_access.tokens import Purpose, State
from simulations.epidemic.parameters import LEVELS
from simulations.scenario.run import QUANTITIES, country

CUTS = [cut for page in COMMANDS.values() for cut in page.cuts]
# Codes that the roll-ups make and no contract names.
UNLABELLED = {"age": AGES}
ALERT_WORDS = {
    "n": Severity, "severity": Severity, "state": AlertState, "now": Standing, "doubt": Doubt,
    "did": Action, "do": Action, "level": LEVELS_OF_ALERTS,
}  # fmt: skip
ROOT = Path(__file__).resolve().parents[3]
ROLLOUT_SOURCE = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "data_access" / "rollout").glob("*.py")
)
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
        *LEVEL_NAMES,
        *rollout_names(),
        *(f"{head}_{one.value}" for head, kinds in ALERT_WORDS.items() for one in kinds),
        *work_names(),
        *(*reproduction.Hidden, *nowcast.Hidden, *(period.variant for period in PERIODS)),
        *(f"refused.{rule}" for rule in RULES),
        *(purpose.value for purpose in Purpose),
        *(state.value for state in State),
        *(state.value for state in Bulletin),
        *(
            f"{way}_{step}"
            for way in ("did", "step", "must", "taken", "role")
            for step in (*ALLOWED, "public")
        ),
        *(f"kind_{kind}" for kind in ("revised", "removed", "added", "new")),
        *(f"line_{line.key}" for one in INDICATORS.values() for line in one.thresholds),
    }


def rollout_names() -> set[str]:
    """Fields, codes and reasons of the rollout, which its forms put into words."""
    fields = [field for each in rollout.FIELDS.values() for field in each]
    codes = {code for field in fields for code in field.choices}
    prefixes = ("stage", "side", "integrated", "team", "severity", "channel", "state")
    refusals = re.findall(r'Refused\(\s*[a-z."]+, "([a-z_]+)"', ROLLOUT_SOURCE)
    return {
        *(f"f_{field.name}" for field in fields),
        *(f"{prefix}_{code}" for prefix in prefixes for code in codes),
        *(f"part_{part.key}" for part in rollout_rules().parts),
        *(f"part_{part}" for part in CAPTURED),
        *(f"edit_{kind}" for kind in rollout.Kind),
        *(f"e_{code}" for code in (*refusals, "bad_day", "denied")),
    }


def work_names() -> set[str]:
    """Codes of needs and proposals that are put into words."""
    flows = (NEEDS, PROPOSALS)
    asked = [field for flow in flows for way in flow.ways.values() for field in way.fields]
    source = (ROOT / "data_access" / "workflow").glob("*.py")
    flow_source = ROOT / "data_access" / "proposals" / "flow.py"
    written = "".join(path.read_text(encoding="utf-8") for path in [*source, flow_source])
    return {
        *(f"state_{state}" for flow in flows for state in flow.states),
        *(f"way_{way}" for flow in flows for way in flow.ways),
        *(f"field_{field.name}" for field in asked),
        *(f"value_{value}" for value in WORK_VALUES),
        *(f"criterion_{key}" for stage in stages().values() for key in stage.criteria),
        *(f"why_{reason}" for reason in re.findall(r'why="([a-z_]+)"', written)),
        *(f"fault_{fault}" for fault in re.findall(r'_Fault\("([a-z_]+)"\)', written)),
        *(f"fault_{fault}" for fault in ("unknown", "missing", "no_pilot", "scores_open")),
        *(f"{text}_{board}" for text in ("board", "begin") for board in BOARDS),
    }


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def singular() -> set[str]:
    return {key for key in texts("en") if key.endswith("_single")}


def test_both_languages_have_the_same_keys() -> None:
    assert set(texts("vi")) == set(texts("en")) - singular()


def test_both_languages_have_the_same_placeholders() -> None:
    differing = {
        key
        for key in texts("vi")
        if placeholders(texts("vi")[key]) != placeholders(texts("en")[key])
    }
    assert differing == set()


def test_a_singular_says_the_same_as_its_plural_and_needs_no_more() -> None:
    """Vietnamese has one form for all numbers; English has a second one where it is written."""
    for key in singular():
        plural = key.removesuffix("_single")
        assert placeholders(texts("en")[key]) <= placeholders(texts("en")[plural]), key


def test_one_is_told_in_the_singular_where_a_language_has_it() -> None:
    key = "layers.persons"
    assert translator("en")(key, count=1, n="1") == "1 person"
    assert translator("en")(key, count=2, n="2") == "2 people"
    assert translator("en")(key, count=0, n="0") == "0 people"
    assert translator("vi")(key, count=1, n="1") == "1 người"


NEVER_ONE = {
    "formula.sum": "windows of several days; one day is not named",
    "formula.mean": "as formula.sum",
    "formula.quantile": "as formula.sum",
    "map.span_days": "30 days at least",
    "header.projector_help": "a fixed number of seconds",
    "compare.too_few": "two at least",
    "province.rule_density": "eight",
    "province.rule_people": "eight",
    "quarantine.one_filling": "with a decimal place",
    "clusters.per_case": "with a decimal place",
    "clusters.too_many": "500 and more",
    "clusters.serial_about": "a share of all pairs",
    "layers.venues_more": "the longest list there is room for",
    "scenarios.newest_only": "the longest list there is room for",
    "vaccination_page.spread_said": "tenths need several",
    "sentence.reported": "a share of all provinces",
    "sentence.reported_district": "a share of all districts",
    "fact.parts_value": "a share of several parts",
    "checkpoints_page.of_days": "a share of the seven days",
    "checkpoints_page.silent_said": "a share of all wards",
    "quarantine.sites_top": "the longest list there is room for",
    "data_sync.sentence": "a share of all reports",
    "levels.far": "the horizon",
    "rollout.sentence": "a share of all provinces",
    "rollout.of_provinces": "a share of all provinces",
    "rollout.desk_days": "a month",
    "rollout.desk_table": "a month",
    "rollout.capture_about": "a week",
    "rollout.silent_wards": "the days of repeat offenders, several",
    "transmission.doubling": "with a decimal place",
    "transmission.halving": "with a decimal place",
}
COUNTED_NOUN = re.compile(
    r"\{(n|days|count)\}( of \{\w+\})? (?!more\b)([a-z]+ ){0,4}?"
    r"(days|hours|seconds|provinces|districts|units|wards|people|cases|flows|places|areas|samples"
    r"|clusters|pairs|rows|records|contradictions|platforms|reports|scenarios|sites|deaths)\b"
)


def test_every_counted_english_text_has_a_singular_or_a_reason() -> None:
    counted = {key for key, text in texts("en").items() if COUNTED_NOUN.search(text)}
    plural = {key.removesuffix("_single") for key in singular()}
    assert counted - singular() - plural - NEVER_ONE.keys() == set()
    assert NEVER_ONE.keys() <= set(texts("en"))


def test_every_text_is_used() -> None:
    used = names_made_at_run_time()
    unused = {key for key in texts("vi") if key not in used and key.split(".", 1)[1] not in used}
    assert unused == set()


def test_every_key_that_is_written_out_exists() -> None:
    sections = {key.split(".")[0] for key in texts("vi")}
    shape = re.compile(rf"^({'|'.join(sections)})\.[a-z_]*[a-z]$")
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
