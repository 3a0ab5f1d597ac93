"""What is carried from one journal to another: lines of JSON, how each is checked, and how they are taken over."""
