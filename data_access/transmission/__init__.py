"""Who infected whom: chains, generations, degrees."""
