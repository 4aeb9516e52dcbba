"""QR checkpoints: registered, new, scanned, refused, synchronised."""

from dashboard.components import checkpoints_page, command, page

page.opened("checkpoints")
command.sentence("checkpoints")
command.controls("checkpoints")
command.cards("checkpoints")
command.map_and_ranking("checkpoints")
command.trend("checkpoints")
checkpoints_page.panel_section()
checkpoints_page.silent_section()
command.breakdowns("checkpoints")
command.definitions("checkpoints")
page.closed("checkpoints", *command.ADDRESS)
