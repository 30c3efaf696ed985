"""The pull of an image for real: one pod a pool, whose image is fetched and never run, and which is deleted always."""
