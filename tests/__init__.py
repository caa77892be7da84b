"""One folder per room, one file per module, and folders for what goes through several rooms."""
