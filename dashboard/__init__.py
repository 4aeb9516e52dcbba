"""What draws: the pages' parts, the server, texts and colours. No SQL; figures come from data_access."""
