"""The JSON Schema of a suite file, for editors."""
