"""Health declarations: declared, flagged, called back, sampled, found positive."""

from dashboard.components import command, page

page.opened("declarations")
command.sentence("declarations")
command.controls("declarations")
command.cards("declarations")
command.map_and_ranking("declarations")
command.trend("declarations")
command.breakdowns("declarations")
command.definitions("declarations")
page.closed("declarations", *command.ADDRESS)
