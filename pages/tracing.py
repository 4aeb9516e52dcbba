"""Tracing: cases, contacts, clusters; how fast contacts are reached, how the infection spreads."""

from dashboard.components import (
    command,
    page,
    tracing_cluster,
    tracing_clusters,
    tracing_spread,
    venues_section,
)

page.opened("tracing")
command.sentence("tracing")
command.controls("tracing")
command.cards("tracing")
command.map_and_ranking("tracing")
command.trend("tracing")
tracing_clusters.controls()
tracing_clusters.register()
tracing_cluster.one()
tracing_cluster.chain()
tracing_spread.spread()
venues_section.show("tracing")
command.breakdowns("tracing")
command.definitions("tracing")
page.closed("tracing", *command.ADDRESS, *tracing_clusters.ADDRESS)
