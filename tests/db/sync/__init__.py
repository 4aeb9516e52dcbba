"""Tests of the sync desk."""
