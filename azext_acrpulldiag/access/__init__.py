"""What a grant allows: roles, conditions, deny assignments, and the principals that hold them. Pure."""
