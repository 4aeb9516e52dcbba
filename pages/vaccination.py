"""Vaccination: coverage under a named denominator, pace, stock, quality of records."""

from dashboard.components import command, page, vaccination_page

page.opened("vaccination")
command.sentence("vaccination")
command.controls("vaccination")
command.cards("vaccination")
command.map_and_ranking("vaccination")
command.trend("vaccination")
vaccination_page.denominators_section()
vaccination_page.due_section()
vaccination_page.stock_section()
vaccination_page.spread_section()
command.breakdowns("vaccination")
command.definitions("vaccination")
page.closed("vaccination", *command.ADDRESS)
