"""`executus chat`: a conversation in the terminal, or a line per turn from a pipe."""
