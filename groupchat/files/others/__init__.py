"""The shelves of the other nodes of a cluster: files that are missing here are fetched from there."""
