"""Mirrors azext_acrpulldiag/snapshot."""
