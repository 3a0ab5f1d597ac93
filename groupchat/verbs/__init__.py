"""Every verb a person has, declared once."""
