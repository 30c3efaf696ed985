"""Every fault applied to every healthy scenario: the fault is named, and nothing else."""
