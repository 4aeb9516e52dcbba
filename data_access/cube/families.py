"""Sources that complement each other. Pure.

Sixty-three provinces that deliver under sixty-three names are one picture of the nation; two
sources that both count a province are two pictures of it, and are never mixed.
"""
