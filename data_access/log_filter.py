"""Takes secrets and what could name a person out of every line of the log, whoever writes it.

A safety net: nothing of ours writes them. Libraries may, in a message or in a traceback.
"""

import logging
import re
import traceback

from data_access.contracts.model import IDENTITY_FIELDS

MASK = "•••"
_NAMES = "|".join(
    (*IDENTITY_FIELDS, "person_ref", "password", "passwd", "secret", "token", "api_key",
     "pseudonym_key", "audit_key", "TUYENDAU_[A-Z_]*KEY[A-Z_]*", "cookie", "set-cookie")
)  # fmt: skip
_PATTERNS = (
    # An address with a password in it.
    (re.compile(r"(\w+://[^/\s:@]+:)[^@\s/]+(@)"), rf"\1{MASK}\2"),
    (re.compile(r"tdt_([0-9a-f]{12})_[A-Za-z0-9_-]+"), rf"tdt_\1_{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    # name=value, name: value, "name": "value"; a value in quotes ends with them.
    (
        re.compile(
            rf"(?i)([\w-]*(?:{_NAMES}))(['\"]?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&)}}\]]+)"
        ),
        rf"\1\2{MASK}",
    ),
    # Personal, insurance and telephone numbers.
    (re.compile(r"(?<![0-9A-Za-z.:-])\+?[0-9](?:[ .]?[0-9]){8,11}(?![0-9A-Za-z:-])"), MASK),
)
_MAKE = logging.LogRecord


def masked(text: str) -> str:
    """Return a text without secrets and numbers of people."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def make_record(*args: object, **named: object) -> logging.LogRecord:
    """Return a line of the log, masked: its message, its arguments, its traceback."""
    record = _MAKE(*args, **named)  # type: ignore[arg-type]
    told = record.getMessage()
    if (shown := masked(told)) != told:
        record.msg, record.args = shown, ()
    if record.exc_info and record.exc_info[0] is not None:
        # A formatter takes the text that is there before it makes one.
        lines = traceback.format_exception(*record.exc_info)
        record.exc_text = masked("".join(lines)).rstrip("\n")
    return record


def install() -> None:
    """Have every line of this process's log masked; doing it again changes nothing."""
    logging.setLogRecordFactory(make_record)
