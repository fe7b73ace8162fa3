"""Known vulnerabilities, offline: advisories from other people's databases in one index file, and what a tree's dependencies have to do with them."""
