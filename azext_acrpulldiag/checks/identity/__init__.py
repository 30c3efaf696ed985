"""Checks on the identity that pulls: is it there, and do the nodes carry it?"""
