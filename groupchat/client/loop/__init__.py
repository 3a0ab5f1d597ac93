"""A small loop on the standard library alone, for programs that must start fast."""
