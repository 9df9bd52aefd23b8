"""Money, gateways and access grants."""
