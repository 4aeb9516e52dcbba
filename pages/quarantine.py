"""Quarantine: beds left, in days; who came, who stays too long, who nearby has room."""

from dashboard.components import command, page

page.opened("quarantine")
command.sentence("quarantine")
command.controls("quarantine")
command.cards("quarantine")
command.map_and_ranking("quarantine")
command.trend("quarantine")
command.breakdowns("quarantine")
command.definitions("quarantine")
page.closed("quarantine", *command.ADDRESS)
