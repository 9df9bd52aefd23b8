"""The rules of money, free of Django, network, clock and randomness."""
