"""The response chain, classes, clusters."""
