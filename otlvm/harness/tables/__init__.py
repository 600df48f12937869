"""From numbers to text. No torch, no matplotlib."""
