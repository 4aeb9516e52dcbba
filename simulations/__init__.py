"""Invented epidemics: the engine, the platforms' feeds, scenarios and load. Draws nothing."""
