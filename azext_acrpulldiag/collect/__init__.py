"""Reading: one module a source. Nothing here judges."""
