"""Tables that a screen reader reads, a printer prints and a phone scrolls."""

from collections.abc import Sequence

from dashboard.components.markup import Child, Markup, element


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
    chosen: int | None = None,
    wide: bool = False,
) -> Markup:
    """Return a table.

    Args:
        heads: column titles.
        rows: cells, each as many as heads.
        caption: what it shows, for those who hear it.
        numeric: columns set to the right.
        chosen: number of the row to mark.
        wide: on a phone it scrolls sideways instead of breaking every word.
    """
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    body = [
        element(
            "tr",
            *(element("td", cell) for cell in row),
            class_="td-chosen" if number == chosen else None,
        )
        for number, row in enumerate(rows)
    ]
    # On the table and not on each cell: a table of 63 rows is sent with every filter change.
    right = " ".join(f"td-right-{column + 1}" for column in numeric)
    return element(
        "div",
        element(
            "table",
            element("caption", caption, class_="td-hidden"),
            element("thead", head),
            element("tbody", *body),
            class_=right or None,
        ),
        class_="td-table td-wide" if wide else "td-table",
        tabindex=0,
        role="region",
        aria_label=caption,
    )
