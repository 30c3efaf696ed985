"""The Activity Log: who changed what, and when."""
