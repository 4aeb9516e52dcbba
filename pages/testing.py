"""Testing: collected, resulted, waiting; how fast, how positive, how loaded."""

from dashboard.components import command, page

page.opened("testing")
command.sentence("testing")
command.controls("testing")
command.cards("testing")
command.map_and_ranking("testing")
command.trend("testing")
command.breakdowns("testing")
command.definitions("testing")
page.closed("testing", *command.ADDRESS)
