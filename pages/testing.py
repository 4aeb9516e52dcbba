"""Testing: collected, resulted, waiting; how fast, how positive, how loaded."""

from dashboard.components import command, page, testing_page

page.opened("testing")
command.sentence("testing")
command.controls("testing")
command.cards("testing")
command.map_and_ranking("testing")
command.trend("testing")
testing_page.flow_section()
testing_page.speed_section()
testing_page.laboratories_section()
testing_page.positivity_section()
command.breakdowns("testing")
command.definitions("testing")
page.closed("testing", *command.ADDRESS)
