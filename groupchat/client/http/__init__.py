"""What the client library does over HTTP; it is imported when it is first needed."""
