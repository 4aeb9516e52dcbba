"""Faults laid on request over days of records that are in order."""
