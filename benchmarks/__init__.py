"""Side-by-side measurements: each figure is a ratio of two things measured in one run."""
