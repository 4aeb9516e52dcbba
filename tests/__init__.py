"""Tests of every level; see pyproject.toml for the markers."""
