"""The demonstration database: what it holds, when it was known, and what it says of itself."""

import json
from pathlib import Path

import pytest

from data_access import demo
from data_access.demo import FACTS
from data_access.engine import make_engine
from data_access.errors import BadUse
from tests.e2e.command import Command

VIETNAM = FACTS.parent / "packs" / "vn"
LATER = (("TUYENDAU_NOW", "2023-06-01"),)


def silent(share: float, what: str = "") -> None:
    """Take progress and say nothing."""
    del share, what


def build(command: Command) -> None:
    engine = make_engine(command.url)
    demo.build(engine, VIETNAM, progress=silent)
    engine.dispose()


@pytest.fixture(scope="module")
def built(initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite"
    path.write_bytes(initialised.read_bytes())
    command = Command(url=f"sqlite:///{path}")
    build(command)
    return command


def values(command: Command, *words: str) -> dict[str, str]:
    """Return date (and area) → value of a query, blanks left out."""
    return {
        f"{row['date']} {row['area_code']}": row["value"]
        for row in command.rows("query", *words)
        if row["value"]
    }


def test_every_shipped_day_is_one_delivery(built: Command) -> None:
    assert len(list(demo.published())) == 65
    told: list[tuple[float, str]] = []
    engine = make_engine(built.url)
    demo.build(engine, VIETNAM, progress=lambda share, what="": told.append((share, what)))
    engine.dispose()
    assert told[0] == (0.0, demo.NOTICE["vi"])
    assert told[-1][0] == 1.0
    assert [share for share, _ in told] == sorted(share for share, _ in told)


def test_provinces_of_the_last_day(built: Command) -> None:
    day = ("--from", "2022-01-22", "--to", "2022-01-22")
    provinces = values(built, "cases", "--level", "province", *day)
    assert len(provinces) == 63
    assert provinces["2022-01-22 01"] == "2945"
    assert sum(int(value) for value in provinces.values()) == 15_658
    assert values(built, "cases", *day) == {"2022-01-22 VN": "15658"}


def test_the_bulletin_s_own_total_stands_beside_the_provinces_sum(built: Command) -> None:
    day = ("--from", "2021-08-20", "--to", "2021-08-20")
    assert values(built, "cases", *day) == {"2021-08-20 VN": "10650"}
    assert values(built, "cases", "--reported", *day) == {"2021-08-20 VN": "10657"}


def test_a_few_named_provinces_never_pass_for_the_country(built: Command) -> None:
    day = ("--from", "2021-09-07", "--to", "2021-09-07")
    assert values(built, "cases", *day) == {"2021-09-07 VN": "14208"}
    named = values(built, "cases", "--level", "province", *day)
    assert named == {"2021-09-07 74": "3966", "2021-09-07 79": "7310"}


def test_the_14_unpublished_provinces_are_missing_not_zero(built: Command) -> None:
    words = ("query", "cases_cumulative", "--level", "province")
    rows = built.rows(*words, "--from", "2022-01-01", "--to", "2022-01-01")
    missing = [row for row in rows if row["status"]]
    assert len(rows) == 63
    assert len(missing) == 14
    assert not [row for row in missing if row["value"]]


def test_doses_by_number(built: Command) -> None:
    words = ("doses_cumulative", "--by", "dose", "--from", "2022-01-15", "--to", "2022-01-15")
    rows = built.rows("query", *words)
    assert {row["dose"]: row["value"] for row in rows if row["value"]} == {
        "1": "78563059",
        "2": "72121184",
        "3+": "16258033",
    }


@pytest.mark.parametrize(("moment", "seen"), [("18:59", False), ("19:00", True)])
def test_a_bulletin_is_known_from_the_evening_of_its_day(
    built: Command, moment: str, seen: bool
) -> None:
    words = ("deaths", "--from", "2021-08-20", "--to", "2021-08-20")
    assert bool(values(built, *words, "--as-of", f"2021-08-20T{moment}")) is seen


def test_its_clock_is_the_last_full_evening_unless_another_is_set(built: Command) -> None:
    march = ("--from", "2022-03-12", "--to", "2022-03-12")
    assert not values(built, "cases", *march)
    later = Command(url=built.url, settings=LATER)
    assert values(later, "cases", *march) == {"2022-03-12 VN": "454197"}


def test_a_delivery_without_a_moment_is_known_at_its_clock(built: Command, tmp_path: Path) -> None:
    table = tmp_path / "report.csv"
    table.write_text("date,code,province,cases\n2022-01-21,01,Hà Nội,1\n", encoding="utf-8")
    mapping = (FACTS / "province_daily.toml").read_text(encoding="utf-8")
    (tmp_path / "map.toml").write_text(mapping.replace("moh-bulletin", "test"), encoding="utf-8")
    done = built("ingest", "table", str(tmp_path / "map.toml"), str(table), "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["known_at"] == "2022-01-22T13:00:00+00:00"
    words = ("cases", "--level", "province", "--source", "test")
    assert values(built, *words) == {"2022-01-21 01": "1"}


def test_building_again_changes_nothing(built: Command) -> None:
    before = built.state(tables=("cube_current", "cube_history", "meta", "source", "measure"))
    build(built)
    assert (
        built.state(tables=("cube_current", "cube_history", "meta", "source", "measure")) == before
    )


def test_another_country_has_no_demonstration(built: Command, tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text('code = "MY"\n', encoding="utf-8")
    engine = make_engine(built.url)
    with pytest.raises(BadUse, match="Vietnam"):
        demo.build(engine, tmp_path, progress=silent)
    engine.dispose()
