"""What a benchmark found, and how it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One ratio beside its goal.

    Attributes:
        name: what is compared with what.
        found: the ratio measured; None if it could not be measured.
        goal: the ratio aimed at.
        at_least: whether the goal is a floor (else a ceiling).
        note: what was measured, times and memory; or why it was skipped.
    """

    name: str
    found: float | None
    goal: float | None
    at_least: bool = False
    note: str = ""

    def reached(self) -> bool | None:
        """Return whether the goal is reached; None without a goal or a figure."""
        if self.found is None or self.goal is None:
            return None
        return self.found >= self.goal if self.at_least else self.found <= self.goal

    def verdict(self) -> str:
        """Return `reached`, `missed by …`, `skipped` or `for information`."""
        met = self.reached()
        if self.found is None:
            return "skipped"
        if met is None:
            return "for information"
        if met:
            return "reached"
        assert self.goal is not None  # noqa: S101 -- reached() is None without a goal
        return f"missed by a factor of {_factor(self.found, self.goal):.2f}"

    def goal_text(self) -> str:
        """Return the goal as `≥ 0.4` or `≤ 2`; empty without one."""
        return "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {self.goal:g}"


@dataclass(frozen=True, kw_only=True)
class Section:
    """The figures of one benchmark and remarks on how they were taken."""

    title: str
    figures: tuple[Figure, ...]
    remarks: tuple[str, ...] = field(default=())


def section_text(section: Section) -> str:
    """Return a section as lines for a terminal."""
    lines = ["", section.title]
    for figure in section.figures:
        found = "    —" if figure.found is None else f"{figure.found:5.3g}"
        lines.append(f"  {found}  {figure.goal_text():>7}  {figure.verdict():<28} {figure.name}")
        if figure.note:
            lines.append(f"{'':18}{figure.note}")
    lines += [f"  {remark}" for remark in section.remarks]
    return "\n".join(lines)


def section_markdown(section: Section) -> str:
    """Return a section as Markdown."""
    lines = [f"## {section.title}", "", "| compared | found | goal | verdict | measured |",
             "|---|---:|---:|---|---|"]  # fmt: skip
    for figure in section.figures:
        found = "—" if figure.found is None else f"{figure.found:.3g}"
        cells = (figure.name, found, figure.goal_text(), figure.verdict(), figure.note)
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *section.remarks] if section.remarks else []
    return "\n".join(lines) + "\n"


def document(sections: Sequence[Section], *, about: Sequence[str]) -> str:
    """Return the whole run as a Markdown document."""
    head = ["# Benchmarks", "", *[f"{line}  " for line in about], ""]
    return "\n".join([*head, *[section_markdown(section) for section in sections]])


def _factor(found: float, goal: float) -> float:
    return max(found, goal) / min(found, goal) if min(found, goal) else float("inf")
