"""Checks on the identity that pulls: does it exist, and is it assigned to the nodes?"""
