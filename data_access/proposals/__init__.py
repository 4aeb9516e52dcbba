"""Proposals of organisations: screened, assigned, evaluated, tried out, decided.

`flow` says the states, who may take which step and what else a step needs; `scoring` works out
what the scores add up to and who may see them yet; `desk` reads and writes, `figures` counts.
"""
