"""What a country pack says of levels: read whole, or refused with its place."""

from datetime import date
from pathlib import Path

import pytest

from data_access.errors import PackError
from data_access.levels.local_files import load_local_rules
from data_access.reference.pack import bundled_pack
from data_access.rules.catalogue import rule_set

HEAD = "area,from,until,key,value,source\n"


def test_a_pack_without_the_files_says_nothing(tmp_path: Path) -> None:
    found = load_local_rules(tmp_path, areas=["01"])
    assert (found.by_hand, dict(found.by_area), dict(found.old_shares)) == ((), {}, {})


def test_inputs_by_hand(tmp_path: Path) -> None:
    (tmp_path / "level_inputs.csv").write_text(
        HEAD
        + "01,2021-10-12,2021-10-31,plans_ready,no,letter 1\n"
        + "01,2021-11-01,,plans_ready,yes,letter 2\n"
        + "01,2021-11-01,,capacity,medium,letter 2\n"
        + "01,2021-11-01,,oxygen,1.5,letter 2\n",
        encoding="utf-8",
    )
    found = load_local_rules(tmp_path, areas=["01"])
    assert found.hand("01", date(2021, 10, 20)) == {"plans_ready": False}
    assert found.hand("01", date(2021, 12, 1)) == {
        "plans_ready": True, "capacity": "medium", "oxygen": 1.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("99,2021-10-12,,plans_ready,yes,x", "not the code of an area"),
        ("01,12/10/2021,,plans_ready,yes,x", "not a day"),
        ("01,2021-13-12,,plans_ready,yes,x", "level_inputs.csv"),
        ("01,2021-10-12,,weather,yes,x", "is none of"),
        ("01,2021-10-12,,plans_ready,maybe,x", "level_inputs.csv"),
        ("01,2021-10-12,,plans_ready,yes,", "must not be empty"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    (tmp_path / "level_inputs.csv").write_text(HEAD + row + "\n", encoding="utf-8")
    with pytest.raises(PackError, match=said):
        load_local_rules(tmp_path, areas=["01"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "TOML"),
        ('[[local]]\narea="01"\nrule_set="x"', "rule_set"),
        ('[[local]]\narea="01"\nrule_set="decision_4800"\nweeks=3', "weeks"),
        ('[[local]]\narea="01"\nrule_set="decision_4800"\nnumerator="some"', "numerator"),
        ('[[local]]\narea="01"\nrule_set="decision_4800"\nedges={incidence=[1,2]}', "edges"),
        ('[[local]]\narea="01"\nrule_set="decision_4800"\nedges={incidence=[3,2,1]}', "edges"),
    ],
)
def test_a_faulty_rule_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "levels.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match=said):
        load_local_rules(tmp_path, areas=["01"])


def test_the_vietnam_pack() -> None:
    pack = bundled_pack("vn")
    found = load_local_rules(pack.folder, areas=pack.areas["code"])
    hanoi = found.of(rule_set("decision_4800"), "01")
    assert (hanoi.numerator, hanoi.weeks, hanoi.decimals) == ("all", 2, 0)
    assert found.of(rule_set("decision_4800"), "79").weeks == 1
    # United Nations, national, 2020s: about one in twelve is 65 or older, a quarter 50 or older.
    assert 0.07 < found.old_shares["65+"] < 0.1 < found.old_shares["50+"] < 0.27
