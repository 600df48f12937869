"""From records to figures, one a file, at the sizes of a paper. No torch."""
