"""Tracing: cases, contacts and clusters; how fast contacts are reached."""

from dashboard.components import command, page

page.opened("tracing")
command.sentence("tracing")
command.controls("tracing")
command.cards("tracing")
command.map_and_ranking("tracing")
command.trend("tracing")
command.breakdowns("tracing")
command.definitions("tracing")
page.closed("tracing", *command.ADDRESS)
