"""Places that cases visited while infectious, against pandas over the same rows; scope."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from data_access.errors import ScopeDenied
from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from data_access.viewer import Role, make_viewer, parse_viewer
from tests.conftest import Database
from tests.db.gate import KEY, open_gate
from tests.db.reconcile.clean_days import person

pytestmark = [pytest.mark.db, pytest.mark.vietnam]
NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2021, 9, 1)
PLACES = {"P0": ("01", "001", "00001"), "P1": ("01", "001", "00004"), "P2": ("79", "760", "26734"),
          "P3": ("79", "760", "")}  # fmt: skip
UNKNOWN = "P-lạ"


@dataclass(frozen=True)
class Rows:
    """What is delivered: scans, cases and contacts."""

    scans: pd.DataFrame
    cases: pd.DataFrame
    contacts: pd.DataFrame


def rows() -> Rows:
    chance = random.Random(3)  # noqa: S311 -- invented rows
    first = datetime(2021, 8, 12, tzinfo=HANOI)
    places = [*PLACES, UNKNOWN]
    scans = [
        (f"S{n}", person(chance.randrange(60)), chance.choice(places),
         first + timedelta(minutes=chance.randrange(21 * 1440)))
        for n in range(700)
    ]  # fmt: skip
    cases, contacts = [], []
    for number in range(24):
        sampled = date(2021, 8, 18) + timedelta(days=chance.randrange(15))
        onset = sampled - timedelta(days=chance.randrange(5)) if number % 3 == 0 else None
        isolated = datetime.combine(sampled, datetime.min.time(), tzinfo=HANOI)
        isolated += timedelta(hours=chance.randrange(1, 40))
        apart = number % 5 == 0 or isolated > NOW
        cases.append((f"C{number}", person(number), onset, sampled, None if apart else isolated,
                      chance.choice(("01", "79"))))  # fmt: skip
        if number % 3 == 1:  # a known source: two exposures, one of them too late to be it
            for back in (chance.randrange(2, 8), -1):
                seen = datetime.combine(sampled - timedelta(days=back), datetime.min.time(),
                                        tzinfo=HANOI) + timedelta(hours=9)  # fmt: skip
                contacts.append((f"K{len(contacts)}", person(number), seen))
    # The first of them says nothing of the one that was told before July's rule was in force.
    cases.append(("C-old", person(59), None, date(2021, 7, 20), None, "01"))
    return Rows(
        pd.DataFrame(scans, columns=["scan", "who", "place", "at"]),
        pd.DataFrame(cases, columns=["case", "who", "onset", "sampled", "isolated", "province"]),
        pd.DataFrame(contacts, columns=["contact", "who", "at"]),
    )


def expected() -> dict[str, tuple[int, date, int]]:
    told = rows()
    scans = told.scans.assign(day=[one.astimezone(HANOI).date() for one in told.scans["at"]])
    of_cases = []
    for case in told.cases.itertuples():
        if not date(2021, 8, 4) <= case.sampled <= DAY:
            continue
        seen = [
            one.astimezone(HANOI).date()
            for one in told.contacts.loc[told.contacts["who"] == case.who, "at"]
        ]
        seen = [day for day in seen if day <= case.sampled]
        if case.onset is not None and not pd.isna(case.onset):
            begin = case.onset - timedelta(days=3)
        else:
            begin = min(seen) if seen else case.sampled - timedelta(days=14)
        end = NOW + timedelta(days=9) if pd.isna(case.isolated) else case.isolated
        own = scans[(scans["who"] == case.who) & (scans["day"] >= begin) & (scans["at"] <= end)]
        of_cases.append(own)
    visits = pd.concat(of_cases)
    visits = visits[(visits["day"] <= DAY) & (visits["day"] > DAY - timedelta(days=14))]
    found = {}
    for place, own in visits.groupby("place"):
        others = scans[(scans["place"] == place) & ~scans["who"].isin(own["who"])]
        near = [
            any(abs(at - visit) <= timedelta(hours=2) for visit in own["at"])
            for at in others["at"]
        ]  # fmt: skip
        found[str(place)] = (own["who"].nunique(), own["day"].max(), others[near]["who"].nunique())
    return found


def written(folder: Path) -> list[tuple[str, str, Path]]:
    told = rows()
    scans = ["scan_id,place_code,scanned_at,province_code,place_kind,id_no"]
    for one in told.scans.itertuples():
        code = PLACES.get(one.place, ("79",))[0]
        scans.append(f"{one.scan},{one.place},{one.at.isoformat()},{code},cho,{one.who}")
    places = ["place_code,name,kind,registered_at,province_code,district_code,ward_code"]
    places += [
        f"{code},Quán 0912345678,nha_hang,2021-08-01T08:00:00+07:00,{','.join(where)}"
        for code, where in PLACES.items()
    ]
    cases = ["case_id,onset_date,sample_date,report_date,isolation_ts,province_code,id_no"]
    for one in told.cases.itertuples():
        onset = "" if one.onset is None or pd.isna(one.onset) else one.onset
        isolated = "" if pd.isna(one.isolated) else one.isolated.isoformat()
        cases.append(f"{one.case},{onset},{one.sampled},{one.sampled},{isolated},{one.province},"
                     f"{one.who}")  # fmt: skip
    contacts = ["contact_id,index_case_id,class,last_exposure_ts,identified_ts,province_code,id_no"]
    for one in told.contacts.itertuples():
        moment = one.at.isoformat()
        contacts.append(f"{one.contact},C0,F1,{moment},{moment},01,{one.who}")
    made = []
    for platform, kind, lines in (
        ("checkpoints", "place", places), ("checkpoints", "scan", scans),
        ("tracing", "case", cases), ("tracing", "contact", contacts),
    ):  # fmt: skip
        path = folder / f"{kind}.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        made.append((platform, kind, path))
    return made


@pytest.fixture
def shared(database: Database, tmp_path: Path) -> Iterator[Shared]:
    gate = open_gate(database, tmp_path / "rejects", clock=lambda: NOW)
    known = NOW - timedelta(hours=1)
    for platform, kind, path in written(tmp_path):
        done = gate.records(path, platform=platform, kind=kind, source=platform, known_at=known)
        assert done.counts.rejected == 0, (kind, done)
    found = open_shared(
        Settings(
            database_url=database.url, pseudonym_key=KEY, demo=False, pack="", now=NOW.isoformat()
        )
    )
    yield found
    found.close()


def seen(shared: Shared, role: str, *, now: datetime = NOW) -> dict[str, tuple[int, date, int]]:
    found = shared.venues(viewer=parse_viewer(role, now=now), day=DAY)
    return {
        row["place_code"]: (row["cases"], row["last_day"], row["people"])
        for row in found.iter_rows(named=True)
    }


def test_places_are_what_the_rows_say(shared: Shared) -> None:
    wanted = expected()
    assert len(wanted) == 5
    assert seen(shared, "national") == wanted
    assert min(people for *_, people in wanted.values()) > 0


def test_a_place_is_told_by_its_register_without_a_telephone(shared: Shared) -> None:
    found = shared.venues(viewer=parse_viewer("national", now=NOW), day=DAY)
    rows = {row["place_code"]: row for row in found.iter_rows(named=True)}
    own = rows["P2"]
    assert (own["kind"], own["area_code"], own["district_code"], own["ward_code"]) == (
        "nha_hang", "79", "760", "26734",
    )  # fmt: skip
    assert own["name"] == "Quán …"
    assert (rows[UNKNOWN]["kind"], rows[UNKNOWN]["name"]) == ("cho", None)


def test_a_province_sees_its_own_places_with_the_nation_s_counts(shared: Shared) -> None:
    own = {code for code, where in PLACES.items() if where[0] == "01"}
    assert seen(shared, "province:01") == {
        code: told for code, told in expected().items() if code in own
    }


@pytest.mark.parametrize("role", [Role.PRESS, Role.OPERATOR, Role.STEWARD])
def test_who_may_not_see_small_counts_sees_none(shared: Shared, role: Role) -> None:
    with pytest.raises(ScopeDenied):
        shared.venues(viewer=make_viewer(role, now=NOW), day=DAY)


def test_nobody_sees_the_future(shared: Shared) -> None:
    assert seen(shared, "national", now=NOW - timedelta(hours=2)) == {}
