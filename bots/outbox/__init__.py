"""The one door out: rows written in a transaction, handed to their handlers by the relay."""
