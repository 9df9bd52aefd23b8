"""Saved test conversations: the document, and the player that runs one in memory on the engine."""
