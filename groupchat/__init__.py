"""groupchat: one room, one port, whatever client you already have."""
