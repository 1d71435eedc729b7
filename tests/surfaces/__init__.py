"""One case through every interpreter of the rules and every surface of the program: the same levels, the same reasons."""
