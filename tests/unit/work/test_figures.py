"""Figures of needs and proposals equal those that pandas works out from the steps alone."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.codes import Role
from data_access.needs.figures import figures as need_figures
from data_access.needs.flow import NEEDS
from data_access.proposals.figures import figures as proposal_figures
from data_access.proposals.flow import PROPOSALS
from data_access.workflow.model import BrokenHistory, Step, fold

START = datetime(2021, 6, 1, tzinfo=UTC)
NOW = START + timedelta(days=400)
ZONE = "Asia/Ho_Chi_Minh"
MAIN = ["tiep_nhan", "sang_loc", "giao_nhom", "tham_dinh_ky_thuat", "tham_dinh_y_te",
        "an_toan_thong_tin", "thi_diem"]  # fmt: skip
hours = st.integers(min_value=0, max_value=400)


def walked(states, gaps, start):
    """Rows (version, state, at) of a walk."""
    at, rows = START + timedelta(hours=start), []
    for version, (state, gap) in enumerate(zip(states, gaps, strict=False), start=1):
        at += timedelta(hours=gap)
        rows.append((version, state, at))
    return rows


@st.composite
def needs(draw):
    """A need's walk by the graph, as far as it came, with a day it was due."""
    n_rounds = draw(st.integers(1, 4))
    walk = ["de_xuat", "tiep_nhan", "thiet_ke", "xay_dung", "gop_y",
            *["sua", "gop_y"] * (n_rounds - 1), "nghiem_thu", "trien_khai", "dong"]  # fmt: skip
    walk = walk[: draw(st.integers(1, len(walk)))]
    gaps = draw(st.lists(hours, min_size=len(walk), max_size=len(walk)))
    due = (START + timedelta(days=draw(st.integers(0, 800)))).date().isoformat()
    return walked(walk, gaps, draw(hours)), due


def item_of(flow, number, rows, due=""):
    steps = [
        Step(version=version, at=at, account="x", role=Role.OPERATOR,
             action="open" if version == 1 else state if state in flow.ways else "confirm",
             state=state, content={"due": due} if state == "tiep_nhan" and due else {})
        for version, state, at in rows
    ]  # fmt: skip
    return fold(flow, number, "", steps)


def frame(walks):
    rows = [(n, v, s, a) for n, walk in enumerate(walks, 1) for v, s, a in walk]
    found = pd.DataFrame(rows, columns=["number", "version", "state", "at"])
    found["until"] = found.groupby("number")["at"].shift(-1)
    return found


def days(span):
    return span.dt.total_seconds() / 86_400


@settings(max_examples=60)
@given(st.lists(needs(), max_size=8))
def test_needs_equal_pandas(drawn) -> None:
    walks, dues = [walk for walk, _ in drawn], [due for _, due in drawn]
    items = [item_of(NEEDS, n, walk, due) for n, (walk, due) in enumerate(drawn, 1)]
    found = need_figures(items, now=NOW, zone=ZONE)
    if not walks:
        assert (found.n, found.lead_days, found.first_pass, found.oldest) == (0, None, None, None)
        return
    steps = frame(walks)
    last = steps.groupby("number").tail(1).set_index("number")
    first = steps.groupby("number")["at"].min()
    live = steps[steps["state"] == "trien_khai"].groupby("number")["at"].min()
    lead = days(live - first.loc[live.index])
    done = steps[steps["state"] == "nghiem_thu"]["number"].unique()
    tries = steps[(steps["state"] == "gop_y") & steps["number"].isin(done)].groupby("number").size()
    today = pd.Timestamp(NOW).tz_convert(ZONE).date().isoformat()
    planned = set(steps[steps["state"] == "tiep_nhan"]["number"])
    late = [
        n
        for n, due in enumerate(dues, 1)
        if n in planned and due < today and last.loc[n, "state"] not in ("trien_khai", "dong")
    ]
    assert found.n_overdue == len(late)
    assert found.n_open == (last["state"] != "dong").sum()
    assert found.n_live == len(live)
    assert found.lead_days == (pytest.approx(lead.median()) if len(lead) else None)
    assert found.mean_rounds == (pytest.approx(tries.mean()) if len(tries) else None)
    assert found.first_pass == (pytest.approx((tries == 1).mean()) if len(tries) else None)
    check_states(found.states, steps, last)


def check_states(states, steps, last) -> None:
    over = steps.dropna(subset="until").assign(days=lambda t: days(t["until"] - t["at"]))
    for one in states:
        stays = over[over["state"] == one.state]["days"]
        there = last[last["state"] == one.state]
        assert (one.n, one.n_stays) == (len(there), len(stays))
        assert one.median_days == (pytest.approx(stays.median()) if len(stays) else None)
        if len(there):
            age = (pd.Timestamp(NOW) - there["at"].min()).total_seconds() / 86_400
            assert one.oldest_days == pytest.approx(age)
            assert there.loc[one.oldest, "at"] == there["at"].min()
        else:
            assert one.oldest is None


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 7), st.sampled_from(["", "chap_nhan", "tich_hop", "tu_choi", "tam_hoan",
                                                "rut"]),
            st.lists(hours, min_size=8, max_size=8), hours,
        ), max_size=8,
    )
)  # fmt: skip
def test_proposals_equal_pandas(drawn) -> None:
    walks = []
    for length, end, gaps, start in drawn:
        ended = bool(end) and (end == "rut" or length > 1)
        walks.append(walked([*MAIN[:length], *([end] if ended else [])], gaps, start))
    items = [item_of(PROPOSALS, n, walk) for n, walk in enumerate(walks, 1)]
    found = proposal_figures(items, now=NOW)
    if not walks:
        assert found.acceptance is None
        return
    steps = frame(walks)
    last = steps.groupby("number").tail(1).set_index("number")
    judged = last[last["state"].isin(["chap_nhan", "tich_hop", "tu_choi"])]
    good = judged["state"].isin(["chap_nhan", "tich_hop"])
    lasted = days(judged["at"] - steps.groupby("number")["at"].min().loc[judged.index])
    assert found.n_open == last["state"].isin(MAIN).sum()
    assert found.acceptance == (pytest.approx(good.mean()) if len(judged) else None)
    assert found.decision_days == (pytest.approx(lasted.median()) if len(judged) else None)
    check_states(found.states, steps, last)


@pytest.mark.parametrize(
    "states",
    [["tiep_nhan"], ["de_xuat", "xay_dung"], ["de_xuat", "tiep_nhan", "de_xuat"], []],
)
def test_a_history_that_cannot_have_been_is_refused(states: list[str]) -> None:
    with pytest.raises(BrokenHistory):
        item_of(NEEDS, 1, walked(states, [1] * len(states), 0))
