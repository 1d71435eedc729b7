"""REST: the same answers as the commands `triage` and `read`, one case a request, described by OpenAPI."""

from equina.rest.doors import routes

__all__ = ["routes"]
