"""The help lists what each command says of itself, and imports none of them."""

import subprocess
import sys

import pytest
import typer
from typer.main import get_command

from app.cli.main import Commands, app

GROUP = get_command(app)
CONTEXT = typer.Context(GROUP)


@pytest.mark.parametrize("called", Commands.lazy)
def test_the_list_says_what_the_command_says_of_itself(called):
    command = GROUP.get_command(CONTEXT, called)
    assert command.name == called
    assert " ".join(command.help.split("\n\n")[0].split()) == Commands.lazy[called].text


def test_help_imports_no_command():
    script = (
        "import sys; sys.argv[1:] = ['--help']\ntry:\n    from app.cli.main import main; main()\nfinally:\n"
    )
    script += "    print([name for name in ('sqlalchemy', 'flask', 'psycopg') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Commands:" in done.stdout
    assert done.stdout.endswith("[]\n")


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one():
    command = [sys.executable, "-m", "app.cli.main", "reconcil"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (2, "No such command 'reconcil'. Did you mean 'reconcile'?\n")
