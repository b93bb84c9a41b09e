"""What runs the code that agents write: a sandboxed interpreter in a worker process."""
