"""The send path: the queue before the journal, commits, and how a batch reaches everybody."""
