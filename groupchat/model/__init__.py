"""The vocabulary: events, drafts, names, times.  Nothing here knows of a server."""
