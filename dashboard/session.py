"""Names of what a session keeps. Constants only, so that two parts never meet under one name."""

VIEW = "view"
ROLE = "role"
SECTIONS = "sections"
WHOLE = "whole"
SCENARIOS = "scenarios"
NO_CHANGE = "no_change"
SEEN_INCIDENT = "incident"
