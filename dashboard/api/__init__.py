"""HTTP for programs, below /api/v1: JSON in every answer, bearer tokens, no cookie read."""
