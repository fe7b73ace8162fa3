"""How the desk keeps content from whoever holds the disk: envelopes, key wraps, streams for files, the keyring. No store, no clock, no network."""
