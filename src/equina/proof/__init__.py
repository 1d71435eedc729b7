"""Safety promises proved by a solver over every combination of answers. Needs the extra `proofs`."""
