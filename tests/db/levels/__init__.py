"""Tests of levels on a database."""
