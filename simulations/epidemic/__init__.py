"""The epidemic engine: stochastic, by province, age and dose. Arithmetic only: no I/O, no clock."""
