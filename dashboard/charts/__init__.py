"""Figures: a frame in, a Plotly figure out. Nothing here reads or draws on the page."""
