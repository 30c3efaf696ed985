"""What repairs of the way from the nodes to the registry do to the facts, a module a subject."""
