"""Bulletins: cut, compared, signed off, approved, published, withdrawn; what was revised."""

from dashboard.components import page

page.opened("bulletins", needs_figures=False)
page.closed("bulletins")
