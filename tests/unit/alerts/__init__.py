"""Rules, days and the life of alerts, without a database."""
