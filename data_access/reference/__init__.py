"""Reference data: areas by vintage, populations, succession, neighbours, boundaries, names."""
