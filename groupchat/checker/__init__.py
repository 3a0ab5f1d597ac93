"""Check the promises: a load on a server, and a ledger of what its clients were told."""
