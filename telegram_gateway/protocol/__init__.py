"""The Bot API's shapes as values and rules: free of Django, network, clock and randomness."""
