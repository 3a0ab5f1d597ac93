"""What every journal promises, and what each promises beside."""
