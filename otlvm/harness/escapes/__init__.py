"""Texts of users as each format writes them: read back as they are, never as syntax of its own."""
