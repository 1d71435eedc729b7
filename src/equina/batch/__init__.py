"""Screening: the protocol over a whole population, from records, tables and texts to a worklist."""
