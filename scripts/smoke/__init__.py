"""Run the diagnosis with the user's login, and write down how Azure's answers look without what they say."""
