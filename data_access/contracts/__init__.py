"""The six platforms, each declared once."""
