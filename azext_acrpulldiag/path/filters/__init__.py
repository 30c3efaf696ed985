"""What allows or denies traffic: security groups, firewalls, service endpoint policies. Pure."""
