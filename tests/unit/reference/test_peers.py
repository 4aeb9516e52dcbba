"""Who is alike: by population and density, by population alone where a surface is missing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.reference.geometry import EARTH_KM, surface_km2, surfaces_of
from data_access.reference.pack import bundled_pack
from data_access.reference.peers import peers_of

PEOPLE = {"a": 1000.0, "b": 2000.0, "c": 1100.0, "d": 1000.0, "e": 0.0}
KM2 = {"a": 10.0, "b": 20.0, "c": 110.0, "d": 20.0}


def test_nearest_by_hand() -> None:
    # Against a (1000 people, 100 a km2): b is twice the people at the same density (0.69), d half
    # the density (0.69 too, so by code), c a tenth more people at a tenth of the density (2.30).
    found = peers_of("a", people=PEOPLE, km2=KM2)
    assert found.codes == ("b", "d", "c")
    assert found.by_density


def test_without_one_surface_population_alone_decides() -> None:
    found = peers_of("a", people=PEOPLE, km2={key: KM2[key] for key in "abc"})
    assert found.codes == ("d", "c", "b")
    assert not found.by_density


def test_nobody_has_no_peers() -> None:
    assert peers_of("e", people=PEOPLE, km2=KM2).codes == ()
    assert peers_of("x", people=PEOPLE, km2=KM2).codes == ()


@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.tuples(st.integers(1, 10**7), st.integers(1, 10**4)),
        min_size=2,
    ),
    st.integers(1, 8),
)  # fmt: skip
def test_nobody_left_out_is_nearer(areas: dict[str, tuple[int, int]], n: int) -> None:
    people = {code: float(count) for code, (count, _) in areas.items()}
    km2 = {code: float(size) for code, (_, size) in areas.items()}
    own = min(areas)
    found = peers_of(own, people=people, km2=km2, n=n).codes

    def far(code: str) -> float:
        more = math.log(people[code] / people[own])
        denser = math.log((people[code] / km2[code]) / (people[own] / km2[own]))
        return math.hypot(more, denser)

    rest = set(areas) - set(found) - {own}
    assert own not in found
    assert len(found) == min(n, len(areas) - 1)
    assert all(far(one) <= far(other) + 1e-9 for one in found for other in rest)


def test_surface_of_a_spherical_box() -> None:
    # Between two meridians and two circles of latitude: R² · Δλ · (sin φ2 - sin φ1).
    ring = [[105.0, 10.0], [106.0, 10.0], [106.0, 11.0], [105.0, 11.0], [105.0, 10.0]]
    hole = [[105.2, 10.2], [105.2, 10.4], [105.4, 10.4], [105.4, 10.2], [105.2, 10.2]]

    def box(width: float, south: float, north: float) -> float:
        heights = math.sin(math.radians(north)) - math.sin(math.radians(south))
        return EARTH_KM**2 * math.radians(width) * heights

    whole = surface_km2({"type": "Polygon", "coordinates": [ring]})
    pierced = {"type": "MultiPolygon", "coordinates": [[ring, hole]]}
    assert whole == pytest.approx(box(1.0, 10.0, 11.0), rel=1e-4)
    assert surface_km2(pierced) == pytest.approx(whole - box(0.2, 10.2, 10.4), rel=1e-4)
    assert surface_km2({"type": "Point", "coordinates": [105.0, 10.0]}) == 0


def test_surfaces_of_the_pack_are_those_of_the_country() -> None:
    path = bundled_pack("vn").boundary("province", "63")
    assert path is not None
    found = surfaces_of(path)
    # General Statistics Office: Hanoi 3 360, Nghe An 16 487, the country 331 345 km2.
    assert len(found) == 63
    assert found["01"] == pytest.approx(3360, rel=0.03)
    assert found["40"] == pytest.approx(16487, rel=0.05)
    assert sum(found.values()) == pytest.approx(331345, rel=0.02)
