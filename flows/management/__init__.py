"""Management of flows from a shell."""
