"""Lines on their way to the server, and events on their way to the screen."""
