"""The only room that opens connections: session, Resource Manager, Graph, deadline, workers."""
