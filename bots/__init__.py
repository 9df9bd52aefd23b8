"""The kernel: organizations, members, bots, contacts, API keys, audit and the outbox."""
