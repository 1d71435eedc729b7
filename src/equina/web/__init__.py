"""The pages: the interview, the result and the handover, served from the protocol; nothing is stored and no script is needed."""
