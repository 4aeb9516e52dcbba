"""Bodies come in piece by piece, within limits of size and patience, and leave nothing behind."""

import asyncio
import gzip
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard.api.holding import PREFIX, Holding, sweep
from dashboard.api.refusal import Refusal
from dashboard.api.turns import Turns
from dashboard.api.upload import Limits, Sink, receive
from data_access.errors import SettingsError
from data_access.settings import read_settings

ROOT = Path(__file__).resolve().parents[3]
LIMITS = Limits(n_bytes=5_000)


def sunk(folder: Path, pieces: list[bytes], *, encoding: str = "gzip") -> tuple[bytes, str]:
    """Write pieces to a new file; return what is in it and its hash."""
    path = folder / "body"
    path.unlink(missing_ok=True)
    with Sink(path, encoding=encoding, limits=LIMITS) as sink:
        for piece in pieces:
            sink.write(piece)
        sha256 = sink.finish()
    return path.read_bytes(), sha256


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(body[start : start + size])
        start += size
    return [*pieces, body[start:]]


@given(
    members=some.lists(some.binary(max_size=900), min_size=1, max_size=4),
    sizes=some.lists(some.integers(0, 40), max_size=12),
)
def test_gzip_cut_anywhere_is_unpacked_whole(tmp_path_factory, members, sizes) -> None:
    folder = tmp_path_factory.mktemp("sink")
    packed = b"".join(gzip.compress(member) for member in members)
    plain = b"".join(members)
    found = sunk(folder, cut(packed, sizes))
    assert found == (plain, hashlib.sha256(plain).hexdigest())
    with pytest.raises(Refusal) as caught:
        sunk(folder, cut(packed[:-1], sizes))
    assert caught.value.code == "bad_gzip"


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_the_limit_is_met_exactly(tmp_path: Path, encoding: str) -> None:
    for n_bytes, status in ((5_000, None), (5_001, 413), (10**7, 413)):
        body = b"x" * n_bytes
        packed = gzip.compress(body) if encoding else body
        if status is None:
            assert sunk(tmp_path, [packed], encoding=encoding)[0] == body
            continue
        with pytest.raises(Refusal) as caught:
            sunk(tmp_path, [packed], encoding=encoding)
        assert caught.value.status == status
        assert (tmp_path / "body").stat().st_size <= LIMITS.n_bytes


async def dripping(*, wait: float, n: int) -> AsyncIterator[bytes]:
    for _ in range(n):
        yield b"x"
        await asyncio.sleep(wait)


@pytest.mark.parametrize(
    ("limits", "wait"),
    [
        (Limits(n_bytes=99, silence_s=0.02, whole_s=9), 5.0),
        (Limits(n_bytes=99, silence_s=9, whole_s=0.05), 0.01),
    ],
)
def test_a_silent_or_endless_sender_is_let_go(limits: Limits, wait: float) -> None:
    taken: list[bytes] = []

    async def keep(piece: bytes) -> None:
        taken.append(piece)

    with pytest.raises(Refusal) as caught:
        asyncio.run(receive(dripping(wait=wait, n=2_000), keep, limits=limits))
    assert caught.value.status == 408
    assert taken


def test_turns_are_given_back_whatever_happens() -> None:
    turns = Turns(2, per_token=1)
    with pytest.raises(ZeroDivisionError), turns.take("a"):
        raise ZeroDivisionError
    with turns.take("a"), turns.take("b"):
        for who in ("a", "c"):
            with pytest.raises(Refusal) as caught, turns.take(who):
                pass
            assert caught.value.status == 429
    with turns.take("a"):
        pass


HOLDER = """
import sys, time
from pathlib import Path
from dashboard.api.holding import Holding
holding = Holding(Path(sys.argv[1]))
with holding.delivery() as folder:
    (folder / "body").write_text("a name")
    print("held", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    sweep(tmp_path)
    held = list(tmp_path.rglob("body"))
    assert len(held) == 1
    assert held[0].parent.stat().st_mode & 0o077 == 0
    process.send_signal(signal.SIGKILL)
    process.communicate()
    other = Holding(tmp_path)
    assert list(tmp_path.rglob("body")) == []
    with other.delivery() as folder:
        assert list(tmp_path.glob(f"{PREFIX}*")) == [folder.parent]
    other.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "99999999"])
@pytest.mark.parametrize("name", ["TUYENDAU_MAX_UPLOAD_MB", "TUYENDAU_MAX_INGESTS"])
def test_a_setting_that_cannot_be_used_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: text})


def test_settings_have_their_defaults() -> None:
    found = read_settings({"TUYENDAU_MAX_INGESTS": "2"})
    assert (found.max_upload_mb, found.max_ingests) == (64, 2)
