"""Sharing files: who may send one, what it becomes, and what is tidied up."""
