"""Checks on access: may the principal that pulls, pull from this registry?"""
