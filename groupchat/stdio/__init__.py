"""Standard input and output of a program that a person runs: what may be printed, what is typed, who runs it."""
