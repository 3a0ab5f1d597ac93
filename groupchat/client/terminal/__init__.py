"""The client that stays on a terminal: what comes in goes to the scrollback, what is typed stays whole below it."""
