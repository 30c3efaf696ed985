"""What a run costs, beside other ``az`` commands, in the simulated cloud."""
