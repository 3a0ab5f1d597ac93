"""Where the terminal client reads and writes: a full prompt, or a plain console."""
