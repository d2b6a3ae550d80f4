"""What people do about alarms: acknowledge, and close with a reason."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.credentials.tables import AlarmRow, AlarmState


class UnknownAlarmError(Exception):
    """There is no alarm of this id."""


_HANDLE = text("SELECT handle_alarm(:alarm, :state, :by, :by_name, :reason)")


def handle(
    db: Session, alarm_id: UUID, state: AlarmState, *, by: str, by_name: str, reason: str = ""
) -> bool:
    """Let an alarm be acknowledged or closed by a person; closing demands a reason.

    False if it is closed, or in that state, already. Raises `UnknownAlarmError`.
    """
    parameters = {"alarm": alarm_id, "state": state, "by": by, "by_name": by_name, "reason": reason}
    if db.scalar(_HANDLE, parameters):
        return True
    if db.get(AlarmRow, alarm_id) is None:
        raise UnknownAlarmError(str(alarm_id))
    return False
