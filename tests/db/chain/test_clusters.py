"""Clusters as each viewer may see them, on both databases: scope, moments, what is kept."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.chain.followed import follow_up
from data_access.clusters import Clusters, declared, followed, members
from data_access.errors import ScopeDenied
from data_access.shared import Shared
from tests.chain_world import ZONE, Batch, Version, deliver, hours
from tests.conftest import Database
from tests.cube_world import World, make_world

pytestmark = pytest.mark.db
DAY = date(2021, 8, 5)


def told(kind: str, record: str, province: str, number: int, /, **fields: object) -> Version:
    return Version(kind, record, {"province_code": province, **fields}, province=number)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """Cluster K: two cases in 01, one in 02 infected by them. 03 has a cluster of its own."""
    made = make_world(database.engine, tmp_path / "pack")
    one, two, three = (made.areas.id_of(code, "old") for code in ("01", "02", "03"))
    first = {"cluster_id": "K", "case_day": date(2021, 8, 1), "onset_date": date(2021, 7, 30)}
    batches = [
        Batch(0, "case", (
            told("case", "A", "01", one, person_ref="pa", **first),
            told("case", "B", "01", one, person_ref="pb", cluster_id="K", infector_id="A",
                 case_day=date(2021, 8, 4), ward_code="w1"),
            told("case", "C", "02", two, person_ref="pc", cluster_id="K", infector_id="B",
                 case_day=date(2021, 8, 5), ward_code="w2"),
            told("case", "D", "03", three, person_ref="pd", cluster_id="L",
                 case_day=date(2021, 8, 5)),
        )),
        Batch(1, "cluster", (
            told("cluster", "K", "01", one, name="Chợ K", setting="cho", status="hoat_dong",
                 opened_day=date(2021, 8, 1)),
            told("cluster", "L", "03", three, name="L", opened_day=date(2021, 8, 5)),
        )),
        Batch(2, "contact", (
            told("contact", "k1", "01", one, person_ref="pb", index_case_id="A",
                 identified_ts=hours(1), reached_ts=hours(3), quarantined_ts=hours(30),
                 last_exposure_ts=hours(-24), setting="cho", **{"class": "F1"}),
            told("contact", "k2", "02", two, person_ref="px", index_case_id="B",
                 identified_ts=hours(1), **{"class": "F2"}),
        )),
        Batch(50, "cluster", (
            Version("cluster", "K", {"province_code": "01", "name": "Chợ K, đổi tên",
                                     "setting": "cho", "status": "hoat_dong",
                                     "opened_day": date(2021, 8, 1)}, version=1, province=one),
        )),
    ]  # fmt: skip
    for batch in batches:
        deliver(database.engine, batch, tmp_path)
    return made


@pytest.fixture
def clusters(database: Database, world: World) -> Clusters:
    shared = Shared(database.engine, lambda: world.now, areas=world.areas, cube=world.cube)
    return shared.clusters


def sizes(found: pl.DataFrame) -> dict[str, tuple[object, ...]]:
    return {row[0]: row[1:] for row in found.select("code", "size", "generations").iter_rows()}


def test_the_nation_sees_whole_clusters(clusters: Clusters, world: World) -> None:
    found = clusters.register(viewer=world.viewer(), day=DAY)
    assert sizes(found) == {"K": (3, 3), "L": (1, 1)}
    row = found.row(by_predicate=pl.col("code") == "K", named=True)
    assert (row["name"], row["wards"], row["provinces"]) == ("Chợ K, đổi tên", 2, ["01", "02"])
    assert sizes(clusters.register(viewer=world.viewer(), day=DAY, areas=("02",))) == {"K": (3, 3)}


def test_a_province_sees_its_own_cases_alone(clusters: Clusters, world: World) -> None:
    own = clusters.register(viewer=world.viewer("province:01"), day=DAY)
    assert sizes(own) == {"K": (2, 2)}
    other = clusters.register(viewer=world.viewer("province:02"), day=DAY)
    assert sizes(other) == {"K": (1, 1)}
    # Declared elsewhere: its name is not theirs to see. Its source is named, so it is linked.
    assert other.select("name", "unlinked_share").row(0) == (None, 0.0)
    with pytest.raises(ScopeDenied):
        clusters.register(viewer=world.viewer("province:02"), day=DAY, areas=("01",))
    with pytest.raises(ScopeDenied):
        clusters.spread(viewer=world.viewer("province:02"), start=DAY, day=DAY, areas=("01",))


def test_no_row_of_another_province_is_read(world: World, database: Database) -> None:
    viewer = world.viewer("province:02")
    engine = database.engine
    assert members(engine, viewer=viewer)["province_code"].to_list() == ["02"]
    assert declared(engine, viewer=viewer).is_empty()
    contacts = followed(engine, viewer=viewer, zone=ZONE)
    assert contacts.select("province_code", "class", "cluster_id").rows() == [("02", "F2", None)]


@pytest.mark.parametrize("role", ["press", "steward", "operator"])
def test_who_may_not_see_small_counts_gets_nothing(
    clusters: Clusters, world: World, role: str
) -> None:
    viewer = world.viewer(role)
    with pytest.raises(ScopeDenied):
        clusters.register(viewer=viewer, day=DAY)
    with pytest.raises(ScopeDenied):
        clusters.cases("K", viewer=viewer, day=DAY)
    with pytest.raises(ScopeDenied):
        clusters.contacts("K", viewer=viewer, day=DAY)
    with pytest.raises(ScopeDenied):
        clusters.spread(viewer=viewer, start=DAY, day=DAY)


def test_a_cluster_s_cases_and_contacts(clusters: Clusters, world: World) -> None:
    viewer = world.viewer()
    cases = clusters.cases("K", viewer=viewer, day=DAY)
    assert cases.select("no", "generation").rows() == [(1, 0), (2, 1), (3, 2)]
    contacts = clusters.contacts("K", viewer=viewer, day=DAY)
    counts = follow_up(contacts).select("class", "n_listed", "n_reached_24h", "n_quarantined_24h",
                                        "n_quarantined_48h").rows()  # fmt: skip
    assert counts == [("F1", 1, 1, 0, 1), ("F2", 1, 0, 0, 0)]
    assert not {"person_ref", "case_id", "index_case_id", "contact_id"} & {
        *cases.columns, *contacts.columns,
    }  # fmt: skip
    assert clusters.cases("no-such", viewer=viewer, day=DAY).is_empty()
    assert clusters.contacts("no-such", viewer=viewer, day=DAY).is_empty()
    # What a province may not see does not exist for it.
    assert clusters.cases("L", viewer=world.viewer("province:01"), day=DAY).is_empty()


def test_what_was_known_at_a_moment(clusters: Clusters, world: World) -> None:
    """An update that moves no figure is seen, from when it was known."""
    early = world.viewer().at(hours(40))
    before = clusters.register(viewer=early, day=DAY)
    assert before.row(by_predicate=pl.col("code") == "K", named=True)["name"] == "Chợ K"
    assert clusters.register(viewer=world.viewer().at(hours(-1)), day=DAY).is_empty()


def test_a_later_delivery_is_seen_at_once(
    clusters: Clusters, world: World, database: Database, tmp_path: Path
) -> None:
    viewer = world.viewer()
    assert sizes(clusters.register(viewer=viewer, day=DAY))["L"] == (1, 1)
    new = told("case", "E", "03", world.areas.id_of("03", "old"), cluster_id="L", infector_id="D",
               case_day=DAY)  # fmt: skip
    deliver(database.engine, Batch(60, "case", (new,)), tmp_path)
    assert sizes(clusters.register(viewer=viewer, day=DAY))["L"] == (2, 2)


def test_how_it_spread(clusters: Clusters, world: World) -> None:
    later = DAY + timedelta(days=20)
    found = clusters.spread(viewer=world.viewer(), start=date(2021, 7, 1), day=later)
    assert found.attack.select("setting", "n_contacts", "n_secondary").rows() == [("cho", 1, 1)]
    assert found.generations == ((0, 2), (1, 1), (2, 1))
    assert (found.serial.n, found.serial.n_pairs) == (0, 2)
    assert found.offspring.counts == ((0, 2), (1, 2))
