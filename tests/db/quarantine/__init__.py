"""Readings of the quarantine platform's records."""
