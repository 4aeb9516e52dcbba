"""What draws: pages' parts, server, texts, colours. No SQL; figures come from data_access."""
