"""Checks on the image: its reference, its content in the registry, its platforms."""
