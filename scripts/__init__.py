"""What `make` runs: set-up and start."""
