"""Read nodes, pods and events of the cluster."""
