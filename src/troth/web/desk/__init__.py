"""The desk in a browser: the public form, the reporter's page, the board; and the API. Pages work without JavaScript; no origin but our own is asked."""
