"""Rules over records: no I/O, no adapters, nothing that has to be waited for but a lock."""
