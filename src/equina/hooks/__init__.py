"""CDS Hooks 2.0: cards in a clinician's record system, from what the system sends along with the call."""

from equina.hooks.doors import PREFIX, Callers, refusal, routes

__all__ = ["PREFIX", "Callers", "refusal", "routes"]
