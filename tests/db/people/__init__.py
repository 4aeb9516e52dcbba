"""Tests of the links between pseudonyms."""
