"""Tests of levels without a database."""
