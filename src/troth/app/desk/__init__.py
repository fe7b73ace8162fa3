"""The desk's use cases: setting it up, taking reports, the board, people, mail, keeping (backup, restore, erasure). Here store, clock and keys are chosen."""
