"""The flow engine: pure values and rules, free of Django, network, clock, randomness and logging."""
