"""The response chain in the database."""
