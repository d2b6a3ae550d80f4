"""Notes every file of the original repository that a process of the copy opens. Python imports this at its start."""

import os
import sys

_ORIGINAL = os.environ["ORIGINAL_REPOSITORY"] + "/"
_ENVIRONMENT = _ORIGINAL + ".venv/"
_NOTES = os.open(os.environ["OPENED_FILES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _note(event, arguments):
    path = str(arguments[0]) if event == "open" else ""
    if path.startswith(_ORIGINAL) and not path.startswith(_ENVIRONMENT):
        os.write(_NOTES, f"{path}\n".encode())


sys.addaudithook(_note)
