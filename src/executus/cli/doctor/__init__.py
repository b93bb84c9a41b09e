"""`executus doctor`: mistakes in the set-up, each with what mends it."""
