"""Facts: what is true until it is changed, one record for each kind, with its key, its value and its reader."""
