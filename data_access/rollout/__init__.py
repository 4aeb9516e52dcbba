"""The rollout of mandated platforms: stages, teams, tickets, people on site; who said it, when."""
