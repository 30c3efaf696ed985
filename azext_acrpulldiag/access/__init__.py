"""What a role assignment allows: roles, conditions, deny assignments, and the principals that have them. Pure."""
