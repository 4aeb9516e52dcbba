"""Response chain: from positive to quarantined and tested; where it stalls."""

from dashboard.components import command, page

page.opened("response")
command.sentence("response")
command.controls("response")
command.cards("response")
command.map_and_ranking("response")
command.trend("response")
command.breakdowns("response")
command.definitions("response")
page.closed("response", *command.ADDRESS)
