"""Files the browser keeps: boundaries and scripts under addresses that hold their content's hash.

A new content has a new address, so each may be cached for ever.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data_access.reference.model import Pack

STATIC = Path(__file__).resolve().parent / "static"
PACK_PREFIX, UI_PREFIX = "/static-pack", "/ui"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".css": "text/css; charset=utf-8",
}
_HASH_LETTERS = 16
_IMPORT = re.compile(rb'from "\./(?P<name>[\w.-]+)"')


@dataclass(frozen=True)
class Asset:
    """One file as it is served: its bytes plain and packed."""

    body: bytes
    packed: bytes
    media_type: str
    digest: str


@cache
def asset(path: Path) -> Asset:
    """Return a file ready to be served; read once.

    A script names those it imports by their addresses: its own changes with theirs.
    """
    body = path.read_bytes()
    if path.suffix == ".js":
        body = _IMPORT.sub(lambda found: _addressed(path.parent, found), body)
    return Asset(
        body=body,
        packed=gzip.compress(body, compresslevel=9, mtime=0),
        media_type=TYPES[path.suffix],
        digest=hashlib.sha256(body).hexdigest()[:_HASH_LETTERS],
    )


def _addressed(folder: Path, found: re.Match[bytes]) -> bytes:
    name = found["name"].decode()
    return f'from "../{asset(folder / name).digest}/{name}"'.encode()


def ui_url(name: str) -> str:
    """Return the address of a file in `dashboard/static/`."""
    return f"{UI_PREFIX}/{asset(STATIC / name).digest}/{name}"


def boundary_url(path: Path) -> str:
    """Return the address of a pack's boundary file."""
    return f"{PACK_PREFIX}/{asset(path).digest}/{path.name}"


def ui_file(digest: str, name: str) -> Asset | None:
    """Return the script of that address, None if there is none."""
    path = STATIC / name
    known = path.parent == STATIC and path.is_file() and path.suffix in TYPES
    return _matching(path, digest) if known else None


def pack_file(digest: str, name: str, *, pack: Pack) -> Asset | None:
    """Return the boundary file of that address, None if the pack has none."""
    files = [*pack.boundaries.values(), *([pack.always_drawn] if pack.always_drawn else [])]
    path = next((file for file in files if file.name == name), None)
    return _matching(path, digest) if path else None


def _matching(path: Path, digest: str) -> Asset | None:
    found = asset(path)
    return found if found.digest == digest else None
