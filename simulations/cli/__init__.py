"""The commands of `python -m simulations`. One module per command."""
