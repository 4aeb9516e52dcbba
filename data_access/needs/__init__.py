"""Needs (đề bài): what the health ministry or a province asks to have built, until it is in use.

`flow` says the states and who may take which step, `desk` reads and writes, `figures` counts.
"""
