"""Mappings of real files, and the program that loads them. Nothing in the product imports this."""
