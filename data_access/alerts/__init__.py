"""Alerts: rules that are data, days that speak, one open alert of each, and what is done."""
