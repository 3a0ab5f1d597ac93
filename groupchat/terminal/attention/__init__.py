"""What calls a person who looks elsewhere: the bell, notifications, and the times in which neither does."""
