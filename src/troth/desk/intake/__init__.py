"""How a report gets in: the form's fields, secret links, proofs of work, quotas. Pure but for the random numbers of tokens; stores nothing."""
