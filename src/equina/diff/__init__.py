"""What a change of a protocol does, and to whom, before it is released: `equina diff OLD NEW`."""
