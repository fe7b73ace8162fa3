"""What the desk is held to: load, store, board, thread, memory, kill. `python -m bench.desk --help`."""
