"""What nodes of a cluster tell one another: carried out in every journal by the same rules."""
