"""The harness: a suite file in, records, tables and figures out."""
