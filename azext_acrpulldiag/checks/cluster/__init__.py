"""Checks on the cluster: does it run, and are its nodes ready?"""
