"""Read the registry from Resource Manager, and its images from its own API."""
