"""Levels: the official level by the rule in force, each criterion, how near the edge it is."""

from dashboard.components import levels_area, levels_form, levels_page, page

page.opened("levels")
levels_page.sentence_section()
levels_page.controls()
levels_page.map_section()
levels_area.area_section()
levels_form.form_section()
levels_area.history_section()
levels_area.permits_section()
levels_area.control_section()
levels_page.rules_section()
page.closed("levels", *levels_page.ADDRESS)
