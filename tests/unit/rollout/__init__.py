"""Tests of the rollout's pure parts."""
