"""From facts to one answer: evaluate the checks, weigh them against what pods show, name the root causes. Pure."""
