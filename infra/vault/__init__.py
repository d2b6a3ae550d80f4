"""What the vault must hold for the agent, and how a vault is brought to it."""
