"""What the commands of repairs do to the facts: pure functions, a module a room of the checks.

Each makes of the facts those that a run would read once the command is done and Azure has taken it over. What was not
read stays unread, and what is made has been there for long: its own age is not judged.
"""
