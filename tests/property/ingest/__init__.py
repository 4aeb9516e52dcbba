"""Property tests of the gate."""
