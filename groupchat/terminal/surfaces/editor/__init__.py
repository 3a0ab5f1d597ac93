"""The line editor: keys, half-typed lines, and what is drawn at the bottom of the terminal."""
