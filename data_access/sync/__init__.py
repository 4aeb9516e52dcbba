"""The sync desk: who delivered what, when, and where the data do not meet."""
