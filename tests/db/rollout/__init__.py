"""Tests of the rollout on a database."""
