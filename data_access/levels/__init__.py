"""Official levels from the shared database: what is known of an area, assessed by date."""
