"""What stands in the words of a message: code, emoji, and the nicknames of those it speaks to."""
