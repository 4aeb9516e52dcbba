"""Accounts on both databases."""
