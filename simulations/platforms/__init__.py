"""One module per platform of the invented day, and what they share."""
