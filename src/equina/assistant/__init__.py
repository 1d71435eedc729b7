"""Equina for chat assistants: an MCP server whose answers carry the exact words to say. Nothing is kept between two calls."""
