"""Results on disk, the only truth about what is done. No torch."""
