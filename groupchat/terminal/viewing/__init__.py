"""Views: what is shown of each at once, what waits until the person comes, and how far they have read."""
