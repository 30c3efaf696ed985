"""Read the cluster, its node hosts, identities, and who may do what."""
