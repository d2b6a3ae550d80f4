"""Python loads this at its start when the folder is in PYTHONPATH: a process whose clock is CLOCK_AHEAD seconds ahead."""

import os
from datetime import UTC, datetime, timedelta

import time_machine

if ahead := float(os.environ.get("CLOCK_AHEAD", "0")):
    # Clocks that only count seconds are left alone, as a wrong date leaves them alone.
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True).start()
