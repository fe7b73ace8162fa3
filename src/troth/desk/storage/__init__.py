"""Where the desk keeps its rows: cases and their keys, threads and files, people, mail. Knows the store, no clock and no network."""
