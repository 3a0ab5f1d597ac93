"""What requests over HTTP ask of the chat: say something, read a room, follow it; what other services post to hooks."""
