"""The command line as people use it."""

import pytest


@pytest.fixture(scope="module")
def as_person(triage, system, tmp_path_factory):
    """Runs a command with the token of a persona: `as_person("officer-a", "undo", flag_id, "--reason", "…")`."""
    folder = tmp_path_factory.mktemp("tokens")
    files = {}

    def run(persona, *arguments, **more):
        environment = {"TRIAGE_HOME": str(system.stack.layout.home)}
        if persona not in files:
            status, output, _ = triage("api-token", "--persona", persona, environment=environment)
            assert status == 0
            files[persona] = folder / persona
            files[persona].write_text(output)
            files[persona].chmod(0o600)
        return triage(
            *arguments, environment={**environment, "TRIAGE_TOKEN_FILE": str(files[persona])}, **more
        )

    return run
