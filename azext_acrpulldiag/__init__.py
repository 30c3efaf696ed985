"""Azure CLI extension that says why AKS cannot pull from ACR."""
