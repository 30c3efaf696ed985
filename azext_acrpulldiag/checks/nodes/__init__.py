"""Checks on what the nodes themselves do between kubelet and the registry."""
