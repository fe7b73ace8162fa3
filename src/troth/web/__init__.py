"""Pages and HTTP interfaces of the desk and of the jobs board; no decision is made here."""
