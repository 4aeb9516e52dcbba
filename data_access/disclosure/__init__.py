"""What may be told of small counts, and how the rest is withheld."""
