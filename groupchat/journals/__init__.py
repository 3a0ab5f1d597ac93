"""Where posts live: each journal stores what is posted and reads it back."""
