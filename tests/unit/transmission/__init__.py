"""Chains of infection."""
