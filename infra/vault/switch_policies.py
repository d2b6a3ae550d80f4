"""The policies that the switch process turns: one for each tool, and the agent's entity has them all."""

from app.credentials.switch_orders import Turn, policy_of, policy_text
from app.credentials.tool_record import ToolRecord
from infra.vault.entry import Entry


def switch_policy(tool: ToolRecord) -> Entry:
    """That of one tool. What was switched off stays off."""
    name = policy_of(tool.name)
    return Entry(
        name=f"policy {name}",
        path=f"sys/policies/acl/{name}",
        data={"policy": policy_text(tool.credential, Turn.ON)},
        turned={"policy": policy_text(tool.credential, Turn.OFF)},
    )
