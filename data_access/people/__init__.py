"""Who is one person across platforms, without knowing who it is (docs/decisions/0007)."""
