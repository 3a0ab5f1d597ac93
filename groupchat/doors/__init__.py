"""Ways in: each door turns the bytes of one kind of client into calls on a session, and back."""
