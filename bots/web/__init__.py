"""The members' pages of the kernel: shell, preferences, bots, settings."""
