"""Trees whose maintainer, hostile or careless, lets a promise look kept; each beside a twin where it is."""
