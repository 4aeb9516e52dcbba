"""Real files through the gate and out of `query`, checked against pandas."""
