"""What is on its way in the terminal client: lines being sent, pasted, kept."""
