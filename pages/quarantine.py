"""Quarantine: beds left, in days; who came, who stays too long, who nearby has room."""

from dashboard.components import (
    command,
    page,
    quarantine_beds,
    quarantine_outlook,
    quarantine_sites,
)

page.opened("quarantine")
command.sentence("quarantine")
command.controls("quarantine")
command.cards("quarantine")
command.map_and_ranking("quarantine")
quarantine_outlook.outlook()
quarantine_beds.beds()
quarantine_sites.sites()
command.trend("quarantine")
command.breakdowns("quarantine")
command.definitions("quarantine")
page.closed("quarantine", *command.ADDRESS)
