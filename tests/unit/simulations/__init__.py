"""Tests of the invented epidemics."""
