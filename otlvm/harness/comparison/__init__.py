"""From a store to numbers and verdicts. No torch, no matplotlib."""
