"""Viewers against a real server of a small program of two pages, over its own protocol."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = """
import streamlit as st

def one():
    st.selectbox("Kind", ["a", "b", "c"], key="kind")

def two():
    if st.segmented_control("Fault", ["no", "yes"], default="no", key="fault") == "yes":
        raise ValueError("planted")

st.navigation([st.Page(one, default=True), st.Page(two, url_path="two")]).run()
"""
pytestmark = [pytest.mark.app, pytest.mark.slow]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):  # noqa: S310
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = tmp_path_factory.mktemp("viewed") / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(program), "--server.port", str(port),
         "--server.address", "127.0.0.1", "--server.headless", "true"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    found = f"http://127.0.0.1:{port}"
    ends = time.monotonic() + 60
    while not answers(found) and time.monotonic() < ends:
        time.sleep(0.1)
    yield found
    server.terminate()
    server.wait(timeout=20)


def viewers(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simulations", "viewers", *words],
        cwd=ROOT, env={**os.environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_every_page_and_act_is_timed_and_an_exception_is_counted(address: str) -> None:
    done = viewers("4", "--url", address, "--seconds", "4", "--ramp", "1", "--think", "0.1",
                   "--one-role", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rows = {(row["page"], row["act"]): row for row in told["pages"]}
    assert rows["/", "first visit"]["n"] == 4
    for page in ("/", "two"):
        for act in ("change of page", "change of a filter"):
            row = rows[page, act]
            assert row["n"] > 0
            assert 0 < row["p50"] <= row["p95"] <= row["p99"] < 30
            assert row["kilobytes"] > 0
    assert rows["/", "change of a filter"]["n_errors"] == 0
    faults = sum(row["n_errors"] for (page, _), row in rows.items() if page == "two")
    assert faults == sum(told["errors"].values()) > 0
    assert list(told["errors"]) == ["exception on screen"], told["errors"]


def test_the_table_says_the_same_in_words(address: str) -> None:
    done = viewers("2", "--url", address, "--seconds", "2", "--ramp", "0", "--think", "0.2")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("2 viewers, 0.2 s think time, 2 s under full load")
    assert lines[1].split()[:4] == ["page", "act", "n", "p50"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("0",), 2, "N must be at least 1"),
        (("2", "--think", "0"), 2, "--think must be above 0"),
        (("2", "--url", "localhost:8501"), 2, "is no address"),
        (("2", "--url", "http://127.0.0.1:9", "--seconds", "1", "--ramp", "0"), 1,
         "no session was served"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(words: tuple[str, ...], code: int, said: str) -> None:
    done = viewers(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
