"""The one error a tool ends in: the check was not made, and why, in words fit for an officer."""


class ToolError(Exception):
    """The question could not be answered. The run goes on; the check is "not checked"."""
