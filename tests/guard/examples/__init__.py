"""The sentences of policies as programs: as they fail in the wild, and with one guard call. Shown in docs/guard-examples."""
