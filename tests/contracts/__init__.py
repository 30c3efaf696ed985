"""Requests, answers, readings and rights, held against definitions that others wrote.

Simulation and product have the same authors, so that they agree proves little. The models in Microsoft's SDK packages
are made from the service teams' own specifications; see :mod:`.packages` for which of them say what.
"""
