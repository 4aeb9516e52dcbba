"""Where two records of the same thing disagree: declared pairs, their findings, duplicates."""
