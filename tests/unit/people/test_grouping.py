"""Which pseudonyms become one person, checked against an independent walk over the graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.people.grouping import Link, group
from data_access.people.kinds import NUMBERS, ONE_FOR_LIFE, STRENGTHS, Strength

CCCD, CMND, BHYT, PHONE, NAME = (NUMBERS[k] for k in ("cccd", "cmnd", "bhyt", "phone", "name"))


def own(ref: str, kind: int) -> Link:
    return (ref, ref, kind)


def test_a_phone_alone_is_the_person_whose_phone_it_is() -> None:
    found = group([own("c1", CCCD), ("c1", "p1", PHONE), own("p1", PHONE)])
    assert found["p1"].person_id == found["c1"].person_id == "c1"
    assert found["p1"].strength is Strength.PHONE
    assert found["c1"].strength is Strength.IDENTITY
    assert not found["p1"].is_ambiguous


def test_a_family_phone_joins_nobody_and_says_so() -> None:
    links = [own("c1", CCCD), own("c2", CCCD), ("c1", "p", PHONE), ("c2", "p", PHONE),
             own("p", PHONE)]  # fmt: skip
    found = group(links)
    assert {ref: each.person_id for ref, each in found.items()} == {
        "c1": "c1",
        "c2": "c2",
        "p": "p",
    }
    assert all(each.is_ambiguous for each in found.values())


def test_one_phone_and_two_names_is_two_people() -> None:
    links = [own("c1", CCCD), ("c1", "p", PHONE), ("c1", "n1", NAME), own("p", PHONE),
             ("p", "n2", NAME)]  # fmt: skip
    found = group(links)
    assert found["p"].person_id == "p"
    assert found["p"].is_ambiguous


def test_old_card_and_new_number_meet_over_the_insurance() -> None:
    links = [own("c1", CCCD), ("c1", "b", BHYT), own("m1", CMND), ("m1", "b", BHYT)]
    found = group(links)
    assert found["m1"].person_id == "c1"
    assert found["m1"].strength is Strength.INSURANCE


def test_a_path_is_as_strong_as_its_weakest_link() -> None:
    links = [own("c1", CCCD), ("c1", "b", BHYT), own("b", BHYT), ("b", "p", PHONE),
             own("p", PHONE), ("p", "n", NAME), own("n", NAME)]  # fmt: skip
    found = group(links)
    assert [found[ref].person_id for ref in ("c1", "b", "p", "n")] == ["c1"] * 4
    assert [int(found[ref].strength) for ref in ("c1", "b", "p", "n")] == [4, 3, 2, 1]


def reachable(start: str, links: list[Link]) -> set[str]:
    """Walk from pseudonym to pseudonym over what they share."""
    found, waiting = {start}, [start]
    while waiting:
        held = {token for ref, token, _ in links if ref == waiting[-1]}
        waiting.pop()
        near = {ref for ref, token, _ in links if token in held} - found
        found |= near
        waiting += near
    return found


LINKS = st.lists(
    st.tuples(
        st.sampled_from(["r0", "r1", "r2", "r3", "r4", "r5"]),
        st.sampled_from([BHYT, PHONE, NAME]),
        st.integers(0, 2),
    ),
    max_size=14,
)


@given(LINKS, st.lists(st.sampled_from([CCCD, CMND, PHONE]), min_size=6, max_size=6), st.randoms())
def test_groups_hold_no_contradiction_and_no_order(drawn, kinds, random) -> None:
    links = [own(f"r{i}", kind) for i, kind in enumerate(kinds)]
    links += [(ref, f"t{kind}-{number}", kind) for ref, kind, number in drawn]
    found = group(links)
    shuffled = list(links)
    random.shuffle(shuffled)
    assert group(shuffled) == found
    for ref, member in found.items():
        assert member.person_id in reachable(ref, links)
        assert found[member.person_id].person_id == member.person_id
        people = {r for r, m in found.items() if m.person_id == member.person_id}
        held = {(kind, token) for r, token, kind in links if r in people}
        # Alone, a pseudonym may contradict itself (one number, two insurance cards delivered).
        if len(people) > 1:
            for one in ONE_FOR_LIFE:
                assert len({token for kind, token in held if kind == one}) <= 1
        # The best way leads through links that are all at least that strong.
        inner = [
            each for each in links if each[0] in people and STRENGTHS[each[2]] >= member.strength
        ]
        assert member.person_id in reachable(ref, inner)


@pytest.mark.parametrize("kind", sorted(STRENGTHS))
def test_alone_a_pseudonym_is_as_strong_as_its_identifier(kind: int) -> None:
    assert group([own("r", kind)])["r"].strength is STRENGTHS[kind]
