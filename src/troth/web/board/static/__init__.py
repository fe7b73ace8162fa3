"""Files that browsers fetch."""
