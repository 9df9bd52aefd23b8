"""The running product: its processes as users start them, and what they survive."""
