"""TLS for clients, without any network: it turns bytes into bytes."""
