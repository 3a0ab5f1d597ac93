"""Who comes, goes and changes, here and at other nodes; what of that is stored, and who is told."""
