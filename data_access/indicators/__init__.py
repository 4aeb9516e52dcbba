"""What is computed from measures."""
