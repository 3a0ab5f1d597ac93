"""Where the content of shared files is kept: in a folder, or in memory."""
