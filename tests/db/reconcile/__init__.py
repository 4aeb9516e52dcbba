"""Findings on both kinds of database."""
