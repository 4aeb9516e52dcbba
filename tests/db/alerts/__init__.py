"""Alerts in both kinds of database."""
