"""The code that acts, once a permit allows it: a branch with a change, a pull request, an issue, settings of a forge. Named to the executor by `types.HANDLERS`.

Rules: `plan` looks and changes nothing; `act` does exactly what the plan says, and what it does can be taken back by `undo`; git is spoken to by plumbing that runs no
hook, no filter and no program of the repository's configuration, and never touches the user's index or checked-out files; a forge is changed only where it differs.

Only the executor's lane runs handlers, and nothing here checks a permit: that is done before.
"""
