"""The journal of a node: a log that all nodes share says what is carried out, and in which order."""
