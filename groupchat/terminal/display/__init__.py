"""Text for the screen: events, answers, the status bar."""
