"""`equina ask`: the interview in the terminal, line by line. docs/decisions/0010."""
