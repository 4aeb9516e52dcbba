"""QR checkpoints: registered, new, scanned, refused, synchronised."""

from dashboard.components import checkpoints_page, command, flows_section, page, venues_section

page.opened("checkpoints")
command.sentence("checkpoints")
command.controls("checkpoints")
command.cards("checkpoints")
command.map_and_ranking("checkpoints")
command.trend("checkpoints")
checkpoints_page.panel_section()
checkpoints_page.silent_section()
flows_section.show("checkpoints")
venues_section.show("checkpoints")
command.breakdowns("checkpoints")
command.definitions("checkpoints")
page.closed("checkpoints", *command.ADDRESS)
