"""A running epidemic, sent through the gate as it happens."""
