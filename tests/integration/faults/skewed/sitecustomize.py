"""Python loads this at its start when the folder is in PYTHONPATH: a process whose clock is CLOCK_AHEAD seconds ahead."""

import os
import time
from datetime import UTC, datetime, timedelta

import time_machine

if ahead := float(os.environ.get("CLOCK_AHEAD", "0")):
    # Clocks that only count seconds are left alone, as a wrong date leaves them alone.
    clock = time_machine.travel(datetime.now(UTC), tick=True).start()
    late = time_machine.escape_hatch.time.time() - time.time()  # starting takes a while
    clock.shift(timedelta(seconds=ahead + late))
