"""Parts of a page that are not for the public: one line in their place that says so."""

from dashboard.components.markup import draw, element
from dashboard.context import Context


def instead(seen: Context, what: str) -> bool:
    """Say in one line that a part is not public, to whoever sees only what was published.

    Args:
        seen: who looks.
        what: the part, as in the texts `public.<what>`.

    Returns:
        Whether it was said, and nothing more is to be drawn.
    """
    if not seen.viewer.published_only:
        return False
    draw(element("p", seen.t(f"public.{what}"), class_="td-absent td-closed"))
    return True
