"""Settings of the checks."""

from typing import Literal

from pydantic import Field

from app.connections.settings import ConnectionSettings


class CheckSettings(ConnectionSettings):
    """The day that rules judge by, and the quota that calls count against."""

    #: The day the rules judge by: that of the run, or the action's own, whatever day it is. Scenarios with known
    #: answers are written for the latter; the age of an answer is not checked then.
    judged_on: Literal["run", "action"] = "run"
    #: Calls a day that the agency's SAM.gov key may make, over all its services: 10,000 for a federal system account.
    sam_daily_quota: int = Field(default=10_000, ge=1)
