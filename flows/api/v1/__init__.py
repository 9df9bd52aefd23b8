"""Version 1 of the flows app's part of the REST API: bots, flows, runs."""
