"""Rollout: which province is how far with the mandated platforms, and what the desk hears."""

from dashboard.components import page, rollout_desk, rollout_page, rollout_province

page.opened("rollout")
rollout_page.sentence_section()
rollout_page.cards_section()
rollout_page.controls()
rollout_page.matrix_section()
rollout_province.province_section()
rollout_desk.desk_section()
rollout_desk.integrations_section()
rollout_page.map_section()
rollout_page.trend_section()
rollout_page.rules_section()
page.closed("rollout", *rollout_page.ADDRESS)
