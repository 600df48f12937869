"""One page for a suite: tables, figures and every run, without a network. No torch."""
