"""Checks on the way from the nodes to the registry."""
