"""Which route traffic takes from a node subnet, and what it passes. Pure."""
