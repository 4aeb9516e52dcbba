"""The public addresses: published data only, one bulletin an answer, in every format the same."""

import csv
import io
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from starlette.testclient import TestClient

from dashboard import resources
from dashboard.api.asked import MOST_DAYS
from dashboard.api.problem import Problem
from dashboard.api.window import Pace, Window
from data_access.cube.query import Ask
from data_access.viewer import press_at
from tests.app.press_world import FORMULA, client_of, correct, deliver_first
from tests.conftest import Database
from tests.cube_world import DAY, make_world
from tests.db.bulletins.conftest import desk_of
from tests.db.bulletins.desk import AN, BINH, HOUR, Desk

pytestmark = [pytest.mark.app, pytest.mark.thinned]
DATA = "/api/v1/data?ids=cases"
PROBLEM = "application/problem+json"
PUBLIC = ("/api/v1/data?ids=cases", "/api/v1/indicators", "/api/v1/areas", "/api/v1/bulletins",
          "/api/v1/bulletins/1", "/api/v1/bulletins/1/download.zip",
          "/feeds/corrections.atom")  # fmt: skip


@pytest.fixture
def desk(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = desk_of(make_world(database.engine, tmp_path / "pack"))
    deliver_first(made)
    monkeypatch.setattr(resources, "shared", lambda: made.shared)
    return made


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    del desk
    with client_of() as found:
        yield found


def rows(client: TestClient, address: str) -> list[dict[str, object]]:
    found = client.get(address)
    assert found.status_code == 200, found.text
    return list(found.json()["data"])


# --- what is public ----------------------------------------------------------------------------


def test_before_the_first_bulletin_there_is_nothing(client, desk) -> None:
    desk.cut()
    for address in ("/api/v1/data?ids=cases", "/api/v1/indicators", "/api/v1/areas"):
        found = client.get(address)
        assert found.status_code == 404
        assert found.headers["content-type"] == PROBLEM
        assert found.json()["code"] == "nothing_published"
    assert client.get("/api/v1/bulletins").json() == {"data": []}


def test_figures_are_those_of_the_press(client, desk) -> None:
    head = desk.issue()
    found = client.get(f"{DATA},deaths&level=province&from=2021-08-02&to=2021-08-05").json()
    ask = Ask(ids=("cases", "deaths"), level="province", start=DAY + timedelta(days=1),
              end=DAY + timedelta(days=4))  # fmt: skip
    wanted = desk.shared.answer(ask, viewer=desk.press.in_bulletin(head.number))
    told = [(row["date"], row["area_code"], row["id"], row["value"]) for row in found["data"]]
    assert told == [(str(day), code, key, value) for day, code, _, key, value, _ in wanted.rows()]
    assert len(told) == 4 * 3 * 2
    assert found["bulletin"]["number"] == head.number
    assert found["bulletin"]["sha256"] == head.sha256


@pytest.mark.parametrize("which", ["unknown", "draft", "approved", "embargoed", "unheard"])
def test_what_is_not_public_is_answered_like_what_is_not_there(client, desk, which) -> None:
    desk.issue()
    number = 999
    if which != "unknown":
        number = desk.cut().number
    if which == "approved":
        desk.bulletins.approve(BINH, number, desk.bulletins.show(number, viewer=desk.nation).sha256)
    if which in {"embargoed", "unheard"}:
        desk.out(number, desk.world.now + HOUR)
    if which == "unheard":  # withdrawn before anybody could read it
        desk.bulletins.withdraw(AN, number, "wrong")
        desk.wait(2 * HOUR)
    for path in (f"/api/v1/bulletins/{number}", f"/api/v1/bulletins/{number}/download.zip",
                 f"{DATA}&bulletin={number}", f"/api/v1/indicators?bulletin={number}"):  # fmt: skip
        found = client.get(path)
        there = client.get(path.replace(str(number), "888"))
        assert (found.status_code, found.content) == (404, there.content)
        assert {**found.headers} == {**there.headers}


def test_public_at_every_moment_is_what_was_published_until_then(client, desk) -> None:
    """Whatever the moment: the API names exactly the bulletins whose embargo has passed."""
    begin, embargoes = desk.world.now, {}
    rng = random.Random(7)  # noqa: S311 -- a test's choice
    for number in range(1, 5):
        correct(desk, 500.0 + number)
        embargo = desk.world.now + timedelta(minutes=rng.choice((0, 30, 90)))
        embargo = max([embargo, *embargoes.values()])
        embargoes[desk.issue(embargo).number] = embargo
        desk.wait(timedelta(minutes=10))
    end = max(embargoes.values()) + HOUR
    moment = begin
    while moment <= end:
        desk.world.now = moment
        told = {one["number"] for one in client.get("/api/v1/bulletins").json()["data"]}
        heads = desk.bulletins.list(viewer=desk.nation)
        since = {one.number: max(one.published_at, embargoes[one.number]) for one in heads}
        wanted = {number for number, at in since.items() if at <= moment}
        assert told == wanted
        values = {one["value"] for one in rows(client, f"{DATA}&area=01")} if told else set()
        assert {v for v in values if v and v > 500} <= {500.0 + n for n in told}
        feed = client.get("/feeds/corrections.atom").text
        assert all(f"bulletin={n}" not in feed for n in embargoes if n not in told)
        # Its file lies ready since publication, and is nobody's before the embargo.
        files = {n: client.get(f"/api/v1/bulletins/{n}/download.zip").status_code for n in since}
        assert files == {n: 200 if n in told else 404 for n in since}
        moment += timedelta(minutes=7)


def test_a_withheld_figure_is_withheld_in_every_format(client, desk) -> None:
    desk.issue()
    asked = "/api/v1/data?ids=doses&level=district"
    told = [row for row in rows(client, asked) if row["area_code"] == "011"]
    assert {(row["value"], row["status"]) for row in told} == {(None, "suppressed")}
    text = client.get(f"{asked}&format=csv").text
    listed = [row for row in csv.DictReader(io.StringIO(text)) if row["area_code"] == "011"]
    assert {(row["value"], row["status"]) for row in listed} == {("", "suppressed")}
    assert len(listed) == len(told) == 10


def test_what_is_not_cleared_is_as_unknown_as_what_does_not_exist(client, desk) -> None:
    desk.issue()
    secret = client.get("/api/v1/data?ids=cases_imported_secret")
    official = client.get("/api/v1/data?ids=contacts_reached")
    assert secret.status_code == official.status_code == 400
    assert official.json()["code"] == secret.json()["code"] == "bad_parameter"
    listed = {one["id"] for one in rows(client, "/api/v1/indicators")}
    assert "cases" in listed
    assert "contacts_reached" not in listed


# --- names, keeping, pages ---------------------------------------------------------------------


def test_a_repeated_request_answers_304(client, desk) -> None:
    desk.issue()
    for address in PUBLIC:
        first = client.get(address)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for said in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = client.get(address, headers={"if-none-match": said})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == first.headers["cache-control"]
        assert client.get(address, headers={"if-none-match": '"other"'}).status_code == 200


def test_different_answers_have_different_names(client, desk) -> None:
    desk.issue()
    asked = [DATA, f"{DATA}&format=csv", f"{DATA}&limit=3", f"{DATA}&area=01", f"{DATA},deaths"]
    tags = [client.get(address).headers["etag"] for address in asked]
    assert len(set(tags)) == len(asked)
    correct(desk, 777.0)
    desk.wait()
    desk.issue()
    assert client.get(DATA).headers["etag"] not in tags
    assert client.get(f"{DATA}&bulletin=1&format=csv").status_code == 200


def test_an_address_with_a_bulletin_may_be_kept_for_ever(client, desk) -> None:
    desk.issue()
    assert "immutable" in client.get(f"{DATA}&bulletin=1").headers["cache-control"]
    assert "immutable" in client.get("/api/v1/bulletins/1/download.zip").headers["cache-control"]
    assert "immutable" not in client.get(DATA).headers["cache-control"]
    assert "immutable" not in client.get("/api/v1/bulletins/1").headers["cache-control"]
    before = client.get(f"{DATA}&bulletin=1").content
    correct(desk, 777.0)
    desk.wait()
    desk.issue()
    desk.bulletins.withdraw(AN, 1, "replaced")
    assert client.get(f"{DATA}&bulletin=1").content == before
    assert client.get("/api/v1/bulletins/1").json()["withdrawn_reason"] == "replaced"


def test_pages_are_complete_without_doubles_and_of_one_bulletin(client, desk) -> None:
    desk.issue()
    asked = f"{DATA},deaths&level=province"
    whole = rows(client, asked)
    found, cursor, n_pages = [], None, 0
    while n_pages == 0 or cursor:
        page = client.get(f"{asked}&limit=7" + (f"&cursor={cursor}" if cursor else "")).json()
        assert page["bulletin"]["number"] == 1
        found += page["data"]
        cursor, n_pages = page["next"], n_pages + 1
        if n_pages == 2:  # another bulletin comes out while somebody turns pages
            correct(desk, 777.0)
            desk.wait()
            desk.issue()
    assert found == whole
    assert n_pages == -(-len(whole) // 7)


def test_pages_of_csv_follow_the_link(client, desk) -> None:
    desk.issue()
    first = client.get(f"{DATA}&level=province&format=csv&limit=20")
    following = first.links["next"]["url"]
    second = client.get(following)
    lines = first.text.splitlines() + second.text.splitlines()[1:]
    assert lines == client.get(f"{DATA}&level=province&format=csv").text.splitlines()
    assert "next" not in second.links


def test_a_cursor_opens_only_its_own_question(client, desk) -> None:
    desk.issue()
    cursor = client.get(f"{DATA}&limit=2").json()["next"]
    for address in (f"/api/v1/data?ids=deaths&cursor={cursor}", f"{DATA}&area=01&cursor={cursor}",
                    f"{DATA}&bulletin=2&cursor={cursor}", f"{DATA}&cursor=nonsense"):  # fmt: skip
        assert client.get(address).json()["code"] == "bad_cursor"


# --- refusals ----------------------------------------------------------------------------------


UNUSABLE = (
    "", "ids=", "ids=nothing", "ids=cases&level=ward", "ids=cases&from=yesterday", "ids=%00",
    "ids=cases&form=csv", "ids=cases&limit=0", "ids=cases&limit=1e9", "ids=cases&bulletin=-1",
    "ids=cases&bulletin=%D9%A1", "ids=cases&area=' OR 1=1 --", "ids=cases&by=__class__",
    "ids=cases&vintage=../../etc/passwd", "ids=cases&format=parquet",
    "ids=cases&format=csv&format=json", "ids=cases&from=2021-09-02&to=2021-08-01",
    "ids=cases&from=0001-01-01", f"ids={'x' * 5000}", "ids=cases&source=s",
    "ids=" + ",".join(f"a{n}" for n in range(99)), "ids=cases&from=2001-01-01&to=2020-01-01",
    "ids=incidence_7d_per_100k&denominator=%F0%9F%92%A5",
)  # fmt: skip


def test_what_cannot_be_used_is_refused_in_one_clear_line(client, desk) -> None:
    desk.issue()
    for query in UNUSABLE:
        found = client.get(f"/api/v1/data?{query}")
        assert found.status_code == 400, query
        assert found.headers["content-type"] == PROBLEM
        assert "\n" not in found.json()["detail"]
        assert found.headers["cache-control"] == "no-store"


def test_formats_are_agreed_upon(client, desk) -> None:
    desk.issue()
    both = "text/*;q=0.9, application/json;q=0.1"
    for accept, media in (
        ("text/csv", "text/csv"), (both, "text/csv"), ("*/*", "application/json"),
        ("text/csv;q=0, */*", "application/json"),
    ):  # fmt: skip
        told = client.get(DATA, headers={"accept": accept})
        assert told.headers["content-type"].startswith(media), accept
        assert told.headers["vary"] == "Accept"
    assert client.get(DATA, headers={"accept": "image/png"}).status_code == 406
    assert client.get("/api/v1/areas", headers={"accept": "text/csv"}).status_code == 406


def test_other_sites_may_read_and_nothing_else(client, desk) -> None:
    desk.issue()
    for address in PUBLIC:
        found = client.get(address, headers={"origin": "https://example.org"})
        assert found.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in found.headers
        asked = client.options(address, headers={"access-control-request-method": "GET"})
        assert asked.status_code == 204
        assert "if-none-match" in asked.headers["access-control-allow-headers"].lower()
        assert client.post(address, content=b"x").status_code == 405
    assert "access-control-allow-origin" not in client.get("/healthz").headers


def test_an_address_that_asks_too_often_is_told_to_wait(client, desk, monkeypatch) -> None:
    desk.issue()
    now = [0.0]
    window = Window(pace=Pace(burst=3, per_second=0.5, clock=lambda: now[0]))
    monkeypatch.setattr(resources, "window", lambda: window)
    assert [client.get(DATA).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get(DATA)
    assert (refused.headers["retry-after"], refused.json()["code"]) == ("1", "too_many")
    now[0] = 2.0
    assert [client.get(DATA).status_code for _ in range(2)] == [200, 429]
    window.close()


@settings(max_examples=200)
@given(
    asks=some.lists(some.tuples(some.sampled_from("abc"), some.floats(0, 5)), max_size=60),
    burst=some.integers(1, 5),
)
def test_the_pace_holds_whatever_comes(asks: list[tuple[str, float]], burst: int) -> None:
    """Nobody gets more than the burst and what time has given since."""
    now = [0.0]
    pace = Pace(burst=burst, per_second=2.0, clock=lambda: now[0])
    got: dict[str, list[float]] = {}
    for address, wait in asks:
        now[0] += wait
        try:
            pace.take(address)
        except Problem:
            continue
        got.setdefault(address, []).append(now[0])
    for moments in got.values():
        for start in range(len(moments)):
            for end in range(start, len(moments)):
                span = moments[end] - moments[start]
                assert end - start + 1 <= burst + 2.0 * span + 1e-6


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(some.dictionaries(
    some.sampled_from(["ids", "level", "area", "from", "to", "by", "vintage", "denominator",
                       "format", "bulletin", "limit", "cursor", "x"]),
    some.one_of(some.text(max_size=12), some.sampled_from(
        ["cases", "doses", "province", "01", "2021-08-03", "csv", "1", "W10", "bnVsbA"])),
))  # fmt: skip
def test_whatever_is_asked_the_answer_is_one_of_ours(client, desk, asked) -> None:
    if desk.shared.published(desk.press) is None:
        desk.issue()
    found = client.get("/api/v1/data", params=asked)
    assert found.status_code in {200, 400, 404}
    kind = found.headers["content-type"]
    assert (kind == PROBLEM) is (found.status_code != 200)


def test_a_question_of_too_many_days_is_refused_before_it_is_worked_out(client, desk) -> None:
    desk.issue()
    first = DAY - timedelta(days=MOST_DAYS)
    assert client.get(f"{DATA}&from={first}&to={DAY}").json()["code"] == "too_much"


# --- a switch ----------------------------------------------------------------------------------


def test_500_reads_during_a_switch_are_all_old_or_all_new(client, desk) -> None:
    desk.issue()
    old = client.get(f"{DATA},deaths&level=province").json()
    for area in ("01", "02", "03"):
        for day in range(10):
            correct(desk, 9000.0 + day, day=day, area=area)
    desk.wait()
    second = desk.issue(desk.world.now + HOUR)
    new: list[dict[str, object]] = []

    def read(number: int) -> dict[str, object]:
        if number == 200:
            desk.world.now += HOUR
        return dict(client.get(f"{DATA},deaths&level=province").json())

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(read, range(500)))
    last = client.get(f"{DATA},deaths&level=province").json()
    assert last["bulletin"]["number"] == second.number
    new = [one for one in told if one != old]
    assert new
    assert old in told
    assert all(one == last for one in new)


# --- what the rest says ------------------------------------------------------------------------


def test_areas_and_bulletins_are_listed(client, desk) -> None:
    desk.issue()
    found = rows(client, "/api/v1/areas?level=province&vintage=old")
    assert [one["code"] for one in found] == ["01", "02", "03"]
    head = client.get("/api/v1/bulletins/1").json()
    (listed,) = client.get("/api/v1/bulletins").json()["data"]
    assert {**listed, "revised_figures": 0} == head
    for name in ("cut_by", "approved_by", "published_by", "embargo_until"):
        assert name not in head
    assert client.get(head["links"]["self"]).status_code == 200


def test_no_text_of_the_csv_is_a_formula(client, desk) -> None:
    desk.issue()
    press = press_at(desk.world.now).in_bulletin(1)
    known = desk.shared.figures(Ask(ids=("doses",)), viewer=press)["source"].to_list()
    assert any(FORMULA in name for name in known)
    text = client.get("/api/v1/data?ids=doses&level=province&format=csv").text
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)


def test_the_description_names_every_public_address(client) -> None:
    told = client.get("/api/v1/openapi.json").json()
    assert json.dumps(told)
    for path in ("/api/v1/data", "/api/v1/indicators", "/api/v1/areas", "/api/v1/bulletins",
                 "/api/v1/bulletins/{number}", "/api/v1/bulletins/{number}/download.zip",
                 "/feeds/corrections.atom"):  # fmt: skip
        assert told["paths"][path]["get"]["responses"]["200"]
