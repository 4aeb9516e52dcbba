"""Reads a JSON document as a whole. Checks nothing but that it is one."""

import json
import unicodedata
from pathlib import Path
from typing import Any

from data_access.errors import BadInput
from data_access.ingest.text_blocks import text_encoding

MOST_JSON_BYTES = 512 * 2**20


def read_json(path: Path) -> Any:  # noqa: ANN401 -- JSON holds anything
    """Return what a JSON file holds.

    Raises:
        BadInput: if it cannot be opened, is too large to be held in memory, or is no JSON.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes > MOST_JSON_BYTES:
            raise BadInput(f"{path.name}: more than 512 MB of JSON; deliver it in parts")
        if not n_bytes:
            raise BadInput(f"{path.name}: the file is empty (0 bytes)")
        text = path.read_text(encoding=text_encoding(path))
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be opened ({error.strerror})") from error
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name}: not a whole JSON document (damaged or cut off)") from error


def clean(text: str) -> str:
    """Return a text that can be stored: composed, without the halves of broken characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", whole)
