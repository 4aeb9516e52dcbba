"""What draws: pages' building blocks, charts, maps and the server. Executes no SQL."""
