"""The terminal: a line editor for the eye, a plain console for screen readers."""
