"""The gateway at work: a call from code to its answer, a run from its code to its outcome."""
