"""Findings: declared pairs, likely causes."""
