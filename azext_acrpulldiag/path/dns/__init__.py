"""What the nodes are answered for the registry's names. Pure."""
