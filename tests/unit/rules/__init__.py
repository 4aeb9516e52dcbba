"""Tests of the official rules."""
