"""Sets back what a process changed of its own login of the database, and raises an alarm about it."""

import structlog
from sqlalchemy import Engine, text

log = structlog.get_logger()

#: The schema of the role that sets logins back.
KEEPER = "triage_keeper"
_RESTORE = text(
    f"SELECT * FROM {KEEPER}.restore_settings() UNION ALL SELECT * FROM {KEEPER}.restore_passwords()"  # noqa: S608  # a constant of this module
)
_ALARM = text("SELECT alarm_once('login changed', :detail, NULL, NULL)")


def set_logins_back(engine: Engine) -> str | None:
    """Set back what logins have changed of themselves; which of it could not be, None if nothing is left.

    Setting back and the alarm are one transaction. One change is one alarm a minute, however often it is made.
    """
    left = []
    with engine.begin() as db:
        for login, changed, restored in db.execute(_RESTORE).all():
            outcome = "set back" if restored else "not set back yet"
            log.warning("login changed", login=login, changed=changed, outcome=outcome)
            minute = db.scalar(text("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"))
            db.execute(
                _ALARM, {"detail": f"{login} changed its own {changed} ({minute} UTC); it was {outcome}"}
            )
            if not restored:
                left.append(f"{login} changed its own {changed}")
    return "; ".join(left) or None
