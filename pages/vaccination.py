"""Vaccination: coverage under a named denominator, pace, stock, quality of records."""

from dashboard.components import command, page

page.opened("vaccination")
command.sentence("vaccination")
command.controls("vaccination")
command.cards("vaccination")
command.map_and_ranking("vaccination")
command.trend("vaccination")
command.breakdowns("vaccination")
command.definitions("vaccination")
page.closed("vaccination", *command.ADDRESS)
