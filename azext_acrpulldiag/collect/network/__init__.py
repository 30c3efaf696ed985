"""Read the networks of the nodes and of the registry's private endpoints."""
