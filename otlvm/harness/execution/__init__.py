"""Who is next, where it runs, what becomes of it: the only writer of results."""
