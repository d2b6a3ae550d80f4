"""What each system says about a set of actions, and the findings of a correct triage."""
