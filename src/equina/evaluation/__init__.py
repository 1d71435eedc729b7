"""How well it does: simulated interviews, and patients drawn from the protocol itself."""
