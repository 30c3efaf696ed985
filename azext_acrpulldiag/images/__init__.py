"""Image references, platforms, and where a pod may land. Pure."""
