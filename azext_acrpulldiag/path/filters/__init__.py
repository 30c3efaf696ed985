"""What lets traffic pass or not: security groups, firewalls, service endpoint policies. Pure."""
