"""The one way to HTML: elements built from parts, every text escaped.

Nothing here accepts HTML from outside: a `Markup` comes only from `element`, `join` or `icon`.
"""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

import streamlit as st

_VOID = {"br", "circle", "hr", "img", "input", "link", "meta", "path", "polyline"}


class Markup:
    """HTML that this module built itself."""

    __slots__ = ("_html",)

    def __init__(self, html: str, *, built: object) -> None:
        """Keep HTML; only this module holds the token that allows it."""
        if built is not _BUILT:
            raise TypeError("markup is built with element(), never from text")
        self._html = html

    def __str__(self) -> str:
        return self._html


_BUILT = object()
Child = Markup | str | None


def element(tag: str, *children: Child, **attributes: str | float | None) -> Markup:
    """Return an element; texts and attribute values are escaped, None is left out.

    `class_` stands for class; underscores in names become hyphens.
    """
    names = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    written = "".join(
        f' {name}="{escape(str(value), quote=True)}"' for name, value in names if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}/>", built=_BUILT)
    return Markup(f"<{tag}{written}>{join(children)}</{tag}>", built=_BUILT)


def join(children: Iterable[Child]) -> Markup:
    """Return the children one after the other; plain text is escaped."""
    parts = (
        str(child) if isinstance(child, Markup) else escape(child)
        for child in children
        if child is not None
    )
    return Markup("".join(parts), built=_BUILT)


def picture(svg: Markup, *, alt: str, class_: str | None = None) -> Markup:
    """Return an SVG as an image: Streamlit lets no drawing through, but pictures with a text."""
    # Apostrophes for quotation marks, and what an address may hold stays as it is: the code of a
    # letter is three letters. Texts hold neither mark, they were escaped.
    address = "data:image/svg+xml," + quote(str(svg).replace('"', "'"), safe=" ,:;/=()'")
    named = f' class="{escape(class_, quote=True)}"' if class_ else ""
    text = escape(alt, quote=True)
    return Markup(f'<img src="{address}" alt="{text}"{named}/>', built=_BUILT)


def draw(markup: Markup) -> None:
    """Put markup on the page. The only call of `st.html` for content."""
    st.html(str(markup))
