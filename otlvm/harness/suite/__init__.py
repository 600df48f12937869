"""A suite file, read, checked and expanded to runs. No torch, no data."""
