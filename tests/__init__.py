"""What groupchat promises, proved."""
