"""Viewers: sessions against a running dashboard, and how long they wait."""
