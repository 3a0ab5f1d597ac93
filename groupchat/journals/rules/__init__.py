"""The rules every journal follows: what a row is, who may change what, and what words are."""
