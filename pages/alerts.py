"""Alerts: what was raised, why, who has it, since when; what could not be judged; the rules."""

from dashboard.components import alerts_one, alerts_page, page

page.opened("alerts")
alerts_page.sentence_section()
alerts_page.controls()
alerts_page.list_section()
alerts_one.alert_section()
alerts_page.quiet_section()
alerts_page.rules_section()
page.closed("alerts", *alerts_page.ADDRESS)
