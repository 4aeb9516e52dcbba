"""Reads JSON documents as a whole. Checks nothing but that it is one."""

import json
import unicodedata
from pathlib import Path
from typing import Any

from data_access.errors import BadInput
from data_access.ingest.text_blocks import text_encoding

MOST_JSON_BYTES = 512 * 2**20
_FEWEST_LINES = 2


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


def read_json_documents(path: Path) -> list[Any]:
    """Return what a file of one JSON document, or of one on each line, holds.

    A line that is no JSON gives None, if any other line is.

    Raises:
        BadInput: if it cannot be opened, is too large to be held in memory, or is no JSON.
    """
    try:
        return [read_json(path)]
    except BadInput as error:
        if not isinstance(error.__cause__, ValueError):
            raise
        lines = path.read_text(encoding=text_encoding(path)).removeprefix("\ufeff").splitlines()
        documents = [_document(line) for line in lines if line.strip()]
        if len(documents) < _FEWEST_LINES or not isinstance(documents[0], dict):
            raise
        return documents


def _document(line: str) -> Any:  # noqa: ANN401 -- JSON holds anything
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
