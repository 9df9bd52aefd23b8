"""Outside systems that flows call."""
