"""The only room that opens connections: session, deadline, workers, and how each service is asked."""
