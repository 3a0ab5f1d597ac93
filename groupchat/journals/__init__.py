"""Where posts are kept."""
