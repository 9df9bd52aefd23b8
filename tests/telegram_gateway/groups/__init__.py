"""Places in groups and channels, through the Bot API."""
