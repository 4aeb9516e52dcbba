"""Estimates from counts, with their intervals and when they must not be shown."""
