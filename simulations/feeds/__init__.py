"""From one draw of the epidemic to the records of the six platforms, day by day."""
