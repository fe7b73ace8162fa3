"""The runnerless architecture: modules recommend, people approve, one executor acts, and the ledger remembers."""
