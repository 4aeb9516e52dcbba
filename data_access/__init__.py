"""The shared database: contracts, gate, cube and every read. Draws nothing."""
