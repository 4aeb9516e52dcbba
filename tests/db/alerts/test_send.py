"""Messages leave once, signed, without anybody in them; what fails is tried again."""

import hashlib
import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from data_access.alerts import outbox
from data_access.alerts.book import Alerts
from data_access.alerts.model import Action
from data_access.alerts.send import CLAIMED, digest, wait_after
from data_access.alerts.settings import AlertSettings, read_alert_settings
from data_access.clock import machine_clock
from data_access.errors import SettingsError
from data_access.viewer import system_viewer
from tests.conftest import NOW
from tests.db.alerts.conftest import AN, Post

KEY = "0123456789abcdef0123456789abcdef"
SOON = timedelta(minutes=1)


@dataclass
class Receiver:
    """What a webhook was told; it answers with `status`."""

    address: str = ""
    status: int = 204
    calls: list[tuple[Message, bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    held = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the library asks for
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.calls.append((self.headers, body))
            self.send_response(held.status)
            self.send_header("Location", held.address + "/elsewhere")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    held.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def sending(post: Post, tmp_path: Path, **settings: object) -> Alerts:
    """Return the alerts of a post that send, after a run that raised two."""
    world = post.world
    alerts = Alerts(
        world.engine,
        lambda: world.now,
        areas=world.areas,
        pack=tmp_path / "pack",
        poll_seconds=0,
        settings=AlertSettings(**settings),  # type: ignore[arg-type]
    )
    alerts.run(post.shared)
    return alerts


def later(by: timedelta = SOON) -> datetime:
    return machine_clock() + by


def test_a_webhook_hears_each_step_once_signed(
    post: Post, tmp_path: Path, receiver: Receiver
) -> None:
    alerts = sending(post, tmp_path, webhook=receiver.address, webhook_key=KEY)
    assert alerts.send() == 2
    assert alerts.send() == 0
    headers, body = receiver.calls[0]
    said = dict(part.split("=") for part in headers["X-TuyenDau-Signature"].split(","))
    expected = hmac.new(KEY.encode(), f"{said['t']}.".encode() + body, hashlib.sha256)
    assert said["v1"] == expected.hexdigest()
    told = json.loads(body)
    assert told["message"] == headers["X-TuyenDau-Message"]
    assert (told["event"], told["area_code"]) == ("alert.raise", "02")
    assert told["evidence"]["value"] == 170.0
    number = told["alert"]
    alerts.act(AN, number, Action.ESCALATE, version=1, note="gọi 0912345678")
    assert alerts.send() == 1
    escalated = receiver.calls[-1][1].decode()
    assert "alert.escalate" in escalated
    assert "0912" not in escalated  # notes stay in the house, and so do accounts
    assert '"an"' not in escalated


@pytest.mark.parametrize("status", [500, 302])
def test_what_is_refused_waits_and_is_sent_later(
    post: Post, tmp_path: Path, receiver: Receiver, status: int
) -> None:
    alerts = sending(post, tmp_path, webhook=receiver.address, webhook_key=KEY)
    receiver.status = status
    assert alerts.send() == 0
    assert len(receiver.calls) == 2  # no redirect was followed
    assert alerts.send() == 0
    assert len(receiver.calls) == 2  # not before its time
    waiting = outbox.read_unsent(post.world.engine, viewer=system_viewer(NOW))
    assert waiting.rows() == [("webhook", 2, f"answered {status}")]
    receiver.status = 200
    assert alerts.send(clock=later) == 2


def test_a_killed_sender_leaves_its_messages_to_others(
    post: Post, tmp_path: Path, receiver: Receiver
) -> None:
    alerts = sending(post, tmp_path, webhook=receiver.address, webhook_key=KEY)
    now = machine_clock()
    outbox.claim(post.world.engine, "webhook", at=now, until=now + CLAIMED, limit=20)
    assert alerts.send() == 0
    assert alerts.send(clock=lambda: later(CLAIMED + SOON)) == 2


def test_two_senders_at_once_send_each_message_once(
    post: Post, tmp_path: Path, receiver: Receiver
) -> None:
    alerts = sending(post, tmp_path, webhook=receiver.address, webhook_key=KEY)
    workers = [threading.Thread(target=alerts.send) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    ids = [headers["X-TuyenDau-Message"] for headers, _ in receiver.calls]
    assert len(ids) == len(set(ids)) == 2


def test_a_server_that_is_not_there_loses_nothing(post: Post, tmp_path: Path) -> None:
    alerts = sending(post, tmp_path, webhook="http://127.0.0.1:9/x", webhook_key=KEY)
    assert alerts.send() == 0
    waiting = outbox.read_unsent(post.world.engine, viewer=system_viewer(NOW))
    assert waiting["n"].to_list() == [2]
    assert "127.0.0.1" not in waiting["problem"][0]


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over a mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                self.server.mails.append(b"".join(lines))  # type: ignore[attr-defined]
            self.wfile.write(b"250 ok\r\n" if word != b"QUIT" else b"221 bye\r\n")
            if word == b"QUIT":
                return


def test_a_digest_tells_of_all_that_is_due_in_one_mail(post: Post, tmp_path: Path) -> None:
    server = socketserver.TCPServer(("127.0.0.1", 0), Mail)
    server.mails = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        alerts = sending(
            post, tmp_path, mail_to=("truc@example.vn",), mail_from="tuyendau@example.vn",
            smtp_host="127.0.0.1", smtp_port=server.server_address[1], digest_minutes=1440,
        )  # fmt: skip
        sent_early = alerts.send()
        assert sent_early == 0  # the digest's hour has not come
        assert alerts.send(clock=lambda: later(timedelta(days=1))) == 2
        assert alerts.send(clock=lambda: later(timedelta(days=1))) == 0
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert len(server.mails) == 1  # type: ignore[attr-defined]


def test_the_most_severe_come_first_and_the_id_is_that_of_the_messages() -> None:
    settings = AlertSettings(mail_to=("a@b.vn",), mail_from="c@d.vn", smtp_host="x")
    bodies = [
        {"event": "alert.raise", "alert": n, "severity": severity, "rule_vi": f"quy tắc {n}",
         "rule_en": "rule", "area_vi": "Hà Nội", "area_en": "Hanoi", "first_day": "2021-09-01",
         "last_day": "2021-09-01", "page": "/alerts?alert=1", "evidence": None}
        for n, severity in ((1, "info"), (2, "serious"))
    ]  # fmt: skip
    some = [{"message_id": f"mail-{b['alert']}-1", "body": json.dumps(b)} for b in bodies]
    text = digest(some, settings).get_content()
    assert text.index("quy tắc 2") < text.index("quy tắc 1")
    assert digest(some, settings)["Message-ID"] == digest(some[::-1], settings)["Message-ID"]
    assert digest(some[:1], settings)["Message-ID"] != digest(some, settings)["Message-ID"]


def test_waits_double_up_to_six_hours() -> None:
    waits = [wait_after(n) for n in range(40)]
    assert waits[0] == timedelta(seconds=30)
    assert waits[3] == timedelta(minutes=4)
    assert max(waits) == timedelta(hours=6)
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    "environment",
    [
        {"TUYENDAU_ALERT_WEBHOOK": "ftp://x", "TUYENDAU_ALERT_WEBHOOK_KEY": KEY},
        {"TUYENDAU_ALERT_WEBHOOK": "http://a:b@x", "TUYENDAU_ALERT_WEBHOOK_KEY": KEY},
        {"TUYENDAU_ALERT_WEBHOOK": "http://x", "TUYENDAU_ALERT_WEBHOOK_KEY": "short"},
        {"TUYENDAU_ALERT_MAIL_TO": "a@b.vn"},
        {"TUYENDAU_ALERT_MAIL_TO": "a b", "TUYENDAU_ALERT_MAIL_FROM": "c@d.vn",
         "TUYENDAU_ALERT_SMTP": "x"},
        {"TUYENDAU_ALERT_SMTP": "x:0"},
        {"TUYENDAU_ALERT_DIGEST_MINUTES": "0"},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_named(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="TUYENDAU_ALERT"):
        read_alert_settings(environment)


def test_nothing_is_sent_unless_asked_for() -> None:
    assert read_alert_settings({}).channels == ()
    found = read_alert_settings(
        {"TUYENDAU_ALERT_WEBHOOK": "http://10.0.0.5/alerts", "TUYENDAU_ALERT_WEBHOOK_KEY": KEY}
    )
    assert found.channels == ("webhook",)
    assert KEY not in repr(found)
