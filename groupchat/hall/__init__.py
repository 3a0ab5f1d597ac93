"""The hall: wires state, delivery and journal together."""
