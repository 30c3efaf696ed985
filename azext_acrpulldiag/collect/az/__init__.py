"""Run the commands of az that are wrapped: `az acr check-health` and `az aks check-acr`."""
