"""What Unicode says about letters."""
