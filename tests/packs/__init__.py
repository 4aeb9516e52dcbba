"""Tests of country packs: the bundled one, and another country as data alone."""
