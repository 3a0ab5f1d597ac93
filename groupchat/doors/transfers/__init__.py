"""Files over HTTP: sent to the server, and fetched from it."""
