"""Files and folders on disk: written whole or not at all, with the right owner, and errors explained in a sentence."""
