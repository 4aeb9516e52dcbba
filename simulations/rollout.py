"""A plausible rollout for the simulated country, through the same door as an officer's word.

Anchors (docs/rollout.md): the letter of 27 July 2021; about half of the provinces with a team at
the launch in August; vaccination ahead of the other two; people on site in the south. Everything
between is drawn, and says of itself that it is simulated.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from data_access.actor import Actor
from data_access.codes import Role
from data_access.rollout.ledger import Book
from data_access.rollout.model import MANDATED, SEVERITIES, STAGES, Change, Content, Kind
from data_access.rollout.rules import mandates

ACTOR = Actor(account="mo-phong", role=Role.SYSTEM)
MARK = "mô phỏng"
LAUNCH = 20
"""Days from the letter to the middle of August, when half of the provinces have a team."""
GAPS: Mapping[str, float] = {"checkpoints": 6.0, "testing": 5.5, "vaccination": 3.2}
"""Mean days between two stages."""
TARGETS: Mapping[str, date] = {
    "checkpoints": date(2021, 9, 15),
    "testing": date(2021, 9, 10),
    "vaccination": date(2021, 8, 31),
}  # fmt: skip
SILENT, PAUSED, OWN = 0.12, 0.04, 0.06
"""Shares of provinces that went silent, and of deployments paused or on a system of their own."""
SEVERITY = (0.06, 0.22, 0.47, 0.25)
ACKNOWLEDGED_MINUTES, RESOLVED_HOURS = (9.0, 40.0, 150.0, 500.0), (3.0, 14.0, 40.0, 90.0)
"""Medians by severity; what comes is lognormal about them."""
TICKETS_PER_DAY = 7.0
SOUTH = ("79", "74", "75", "80", "77", "82")
SUMMARIES = (
    "Không đăng nhập được", "Kết quả không trả về", "Trùng hồ sơ người tiêm", "Quét mã QR chậm",
    "Thiếu tài khoản cho điểm mới", "Sai địa bàn của điểm",
)  # fmt: skip


def tell(
    engine: Any, *, provinces: Sequence[str], opening: datetime, zone: str, seed: int = 1  # noqa: ANN401
) -> int:  # fmt: skip
    """Write the rollout of a simulated country up to its opening; return how many versions.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    made = changes(provinces, opening=opening, zone=ZoneInfo(zone), seed=seed)
    book = Book(engine=engine, zone=ZoneInfo(zone), provinces=provinces)
    return book.put_many(made, actor=ACTOR, origin=MARK)


def changes(
    provinces: Sequence[str], *, opening: datetime, zone: ZoneInfo, seed: int
) -> list[Change]:
    """Return everything that is said up to the opening, in the order in which it became known."""
    chance = np.random.default_rng([seed, 7])
    letter = mandates()[0].day
    days = (opening.astimezone(zone).date() - letter).days
    if days <= 1:
        return []
    told: list[Change] = []
    for code in sorted(provinces):
        pace, silent = chance.lognormal(0.0, 0.35), chance.random() < SILENT
        last = opening - timedelta(hours=float(chance.uniform(60, 140) if silent else
                                               chance.uniform(1, 30)))  # fmt: skip
        told += _team(code, chance, letter=letter, zone=zone, last=last)
        for platform in MANDATED:
            told += _deployment(code, platform, chance, pace=pace, letter=letter, zone=zone,
                                last=last)  # fmt: skip
    told += _tickets(sorted(provinces), chance, letter=letter, zone=zone, opening=opening)
    told += _shifts(letter, opening=opening, zone=zone)
    told += _on_site([code for code in SOUTH if code in provinces], chance, letter=letter,
                     zone=zone, opening=opening)  # fmt: skip
    told += _integrations(letter, opening=opening, zone=zone)
    return sorted((one for one in told if one.at <= opening), key=lambda one: one.at)


def _at(day: date, hour: float, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, time(), tzinfo=zone) + timedelta(hours=hour)
    return local.astimezone(UTC).replace(microsecond=0)


def _said(kind: Kind, item: str, content: Content, at: datetime, reason: str = "") -> Change:
    return Change(kind=kind, item=item, content=content, base=-1, at=at, reason=reason)


def _team(
    code: str, chance: np.random.Generator, *, letter: date, zone: ZoneInfo, last: datetime
) -> list[Change]:
    day = letter + timedelta(days=int(chance.gamma(4.0, LAUNCH / 3.67)))
    base = {"province": code, "status": "none"}
    told = [_said(Kind.TEAM, code, base, _at(letter, 17, zone))]
    formed = {
        "status": "announced", "decision": f"QĐ {chance.integers(1000, 4000)}/QĐ-UBND ({MARK})",
        "date": day.isoformat(), "head": f"Phó Chủ tịch UBND ({MARK})",
        "agencies": "|".join(f"{name}:{chance.integers(1, 5)}" for name in
                             ("Sở TTTT", "Sở Y tế", "Văn phòng UBND", "CDC")),
        "roster": f"Sở TTTT: 1900 0000 ({MARK})",
    }  # fmt: skip
    steps: list[tuple[date, dict[str, str]]] = [
        (day, formed), (day + timedelta(days=int(chance.integers(2, 8))), {"status": "active"})
    ]  # fmt: skip
    told += [_said(Kind.TEAM, code, more, _at(on, 16, zone)) for on, more in steps]
    return [one for one in told if one.at < last]


def _deployment(
    code: str, platform: str, chance: np.random.Generator, *, pace: float, letter: date,
    zone: ZoneInfo, last: datetime,
) -> list[Change]:  # fmt: skip
    item = f"{code}/{platform}"
    content: dict[str, str | None] = {
        "province": code, "platform": platform, "stage": STAGES[0], "date": letter.isoformat(),
        "owner": f"Sở TTTT ({MARK})", "target": TARGETS[platform].isoformat(),
    }  # fmt: skip
    if chance.random() < OWN:
        content |= {"side": "he_thong_rieng", "integrated": str(chance.choice(["yes", "no"]))}
    told = [_said(Kind.DEPLOYMENT, item, content, _at(letter, 17, zone))]
    day, districts = letter, int(chance.integers(1, 9))
    for number, stage in enumerate(STAGES[1:], start=1):
        day += timedelta(days=1 + int(chance.gamma(2.0, pace * GAPS[platform] / 2.0)))
        live = {"districts_live": str(districts + number)} if number >= len(STAGES) - 2 else {}
        said = {"stage": stage, "date": day.isoformat(), "evidence": f"CV {number} ({MARK})",
                **live}  # fmt: skip
        told.append(_said(Kind.DEPLOYMENT, item, said, _at(day, 15, zone)))
    told = [one for one in told if one.at < last]
    # The report of the last days: nothing new, but said again.
    paused = chance.random() < PAUSED and not content.get("side")
    again = {"side": "tam_dung"} if paused else {}
    reason = f"Dồn lực lấy mẫu ({MARK})" if paused else ""
    return [*told, _said(Kind.DEPLOYMENT, item, again, last, reason)]


def _tickets(
    provinces: Sequence[str], chance: np.random.Generator, *, letter: date, zone: ZoneInfo,
    opening: datetime,
) -> list[Change]:  # fmt: skip
    told: list[Change] = []
    span = (opening - _at(letter, 0, zone)).total_seconds() / 3600
    many = int(chance.poisson(TICKETS_PER_DAY * span / 24))
    for number in range(many):
        opened = _at(letter, float(chance.uniform(0, span)), zone)
        rank = int(chance.choice(len(SEVERITIES), p=SEVERITY))
        seen = opened + timedelta(
            minutes=round(float(ACKNOWLEDGED_MINUTES[rank] * chance.lognormal(0, 0.7)))
        )
        done = seen + timedelta(
            minutes=round(float(60 * RESOLVED_HOURS[rank] * chance.lognormal(0, 0.8)))
        )
        item = f"HT-{number + 1:05d}"
        content = {
            "province": str(chance.choice(provinces)), "platform": str(chance.choice(MANDATED)),
            "severity": SEVERITIES[rank], "channel": str(chance.choice(["phone", "chat", "app"])),
            "summary": f"{chance.choice(SUMMARIES)} ({MARK})", "opened": opened.isoformat(),
        }  # fmt: skip
        told.append(_said(Kind.TICKET, item, content, opened))
        told.append(_said(Kind.TICKET, item, {"acknowledged": seen.isoformat()}, seen))
        told.append(_said(Kind.TICKET, item, {"resolved": done.isoformat()}, done))
    return told


def _shifts(letter: date, *, opening: datetime, zone: ZoneInfo) -> list[Change]:
    told, day = [], letter + timedelta(days=5)
    last = opening.astimezone(zone).date() + timedelta(days=2)
    while day <= last:
        for turn in range(3):
            begins = _at(day, 6 + 8 * turn, zone)
            content = {"starts": begins.isoformat(), "people": str((14, 12, 6)[turn]),
                       "ends": (begins + timedelta(hours=8)).isoformat(),
                       "lead": f"Trung tâm công nghệ, ca {turn + 1} ({MARK})"}  # fmt: skip
            known = min(begins - timedelta(days=3), opening - timedelta(hours=9))
            told.append(_said(Kind.SHIFT, f"{day}/{turn + 1}", content, known))
        day += timedelta(days=1)
    return told


def _on_site(
    provinces: Sequence[str], chance: np.random.Generator, *, letter: date, zone: ZoneInfo,
    opening: datetime,
) -> list[Change]:  # fmt: skip
    told = []
    for number, code in enumerate(provinces):
        begins = letter + timedelta(days=8 + 2 * number)
        content = {
            "province": code, "organisation": f"Tổ công tác nền tảng ({MARK})",
            "people": str(int(chance.integers(6, 16)) * (3 if number == 0 else 1)),
            "starts": begins.isoformat(),
            "ends": (opening.astimezone(zone).date() + timedelta(days=20)).isoformat(),
        }  # fmt: skip
        told.append(_said(Kind.ON_SITE, f"hien-truong-{code}", content, _at(begins, 8, zone)))
    return told


def _integrations(letter: date, *, opening: datetime, zone: ZoneInfo) -> list[Change]:
    pairs = (("testing", "tracing", "live", "0.012", "0.97"),
             ("vaccination", "checkpoints", "test", "0.08", "0.71"),
             ("declarations", "checkpoints", "live", "0.004", "0.99"),
             ("quarantine", "tracing", "spec_agreed", None, None))  # fmt: skip
    synced = (opening - timedelta(hours=2)).isoformat(timespec="seconds")
    return [
        _said(
            Kind.INTEGRATION, f"{source}.{target}",
            {"source": source, "target": target, "state": state, "error_rate": error,
             "reconciled": agreed, "last_sync": synced if error else None},
            _at(letter + timedelta(days=10), 10, zone),
        )
        for source, target, state, error, agreed in pairs
    ]  # fmt: skip
