"""How verbs are declared, and how their arguments are read."""
