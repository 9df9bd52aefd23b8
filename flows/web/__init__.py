"""The members' pages about flows: list, editor, test chat, conversations, a bot's settings."""
