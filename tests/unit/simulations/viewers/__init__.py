"""Viewers: what they hold of a screen, and how answers are summed up."""
