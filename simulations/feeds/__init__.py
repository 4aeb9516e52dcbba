"""Records of the six platforms, day by day."""
