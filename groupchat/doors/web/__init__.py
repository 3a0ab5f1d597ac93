"""The door of browsers and of programs that speak HTTP: the page, WebSocket, and requests."""
