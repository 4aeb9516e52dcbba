"""Needs and proposals."""
