"""Checks on the registry itself, and on what az's own commands say of it."""
