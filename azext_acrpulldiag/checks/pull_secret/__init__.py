"""Checks on pull secrets, and on the users in them."""
