"""What happens inside the process that a run has to itself."""
