"""Settings: `dev` for a machine of one's own, `test` for the suite, `prod` for the rest of the world."""
