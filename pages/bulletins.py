"""Bulletins: cut, compared, signed off, approved, published, withdrawn; what was revised."""

from dashboard.components import bulletins_page, bulletins_review, bulletins_work, page

page.opened("bulletins", needs_figures=False)
bulletins_page.controls()
bulletins_work.steps_section()
bulletins_page.list_section()
bulletins_work.actions_section()
bulletins_review.differences_section()
bulletins_review.signoffs_section()
bulletins_page.revisions_section()
page.closed("bulletins", *bulletins_page.ADDRESS)
