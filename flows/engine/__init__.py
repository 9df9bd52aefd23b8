"""The pure core: what a flow is, whether it is sound, and how it advances. No Django, no clock, no I/O."""
