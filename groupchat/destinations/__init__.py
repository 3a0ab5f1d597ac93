"""Where a program goes and as whom: by its options, the environment, and the person's files."""
