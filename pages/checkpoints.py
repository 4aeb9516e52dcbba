"""QR checkpoints: registered, new, scanned, refused, synchronised."""

from dashboard.components import command, page

page.opened("checkpoints")
command.sentence("checkpoints")
command.controls("checkpoints")
command.cards("checkpoints")
command.map_and_ranking("checkpoints")
command.trend("checkpoints")
command.breakdowns("checkpoints")
command.definitions("checkpoints")
page.closed("checkpoints", *command.ADDRESS)
