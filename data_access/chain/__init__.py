"""From a positive result to tested contacts, across platforms; classes, clusters and chains."""
