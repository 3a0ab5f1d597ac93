"""The log of the daemon: its forms, its files, and its way into the journal of systemd."""
