"""Properties of disclosure control."""
