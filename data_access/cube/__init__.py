"""The cube: roll-up, history, as-of and the hot copy in memory."""
