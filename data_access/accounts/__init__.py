"""Accounts: who may sign in, as which role, and for how long."""
