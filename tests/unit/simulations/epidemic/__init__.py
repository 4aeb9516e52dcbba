"""The epidemic engine: exact answers, invariants, and the same numbers by other roads."""
