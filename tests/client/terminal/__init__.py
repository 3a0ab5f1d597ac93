"""The parts of the terminal client, without a terminal."""
