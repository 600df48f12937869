"""Which code decides a result, and whether a process runs that code."""
