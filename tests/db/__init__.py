"""Tests that run on a SQLite file and on PostgreSQL."""
