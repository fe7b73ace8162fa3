"""The board: jobs that wait for approval, in a browser and as an API. Every page works without JavaScript; only passkeys need it."""
