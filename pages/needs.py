"""Needs and proposals: what is asked to be built, what is offered, where each stands."""

from dashboard.components import needs_compare, needs_forms, needs_item, needs_page, page

page.opened("needs")
needs_page.sentence_section()
needs_page.controls()
needs_item.item_section()
needs_forms.step_section()
needs_page.board_section()
needs_forms.begin_section()
needs_compare.compare_section()
needs_page.figures_section()
page.closed("needs", *needs_page.ADDRESS)
