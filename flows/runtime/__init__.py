"""The run loop: from inbox rows through the engine to rows."""
