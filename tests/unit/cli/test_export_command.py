"""`triage export`: a file is new and whole, or not there, and its name cannot leave the folder."""

import sys
from typing import Self

import pytest

from app.cli import api_commands
from app.cli.main import main
from app.connections.http_wire import WireAnswer


@pytest.fixture
def export(monkeypatch, tmp_path, capsys):
    """Runs the command against an API that gives the file this name: status, standard output, lines of errors."""

    def run(name, *, folder=tmp_path):
        class Client:
            @classmethod
            def of(cls, _) -> Self:
                return cls()

            def file(self, path, _):
                assert path == "/actions/A%2F1/contract-file"
                return WireAnswer(200, {"content-disposition": f'attachment; filename="{name}"'}, b"new")

        monkeypatch.setattr(api_commands, "Client", Client)
        monkeypatch.setattr(sys, "argv", ["triage", "export", "A/1", "--out", str(folder)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return ended.value.code, shown.out, shown.err.splitlines()

    return run


def test_it_is_put_into_the_folder_under_its_name(export, tmp_path):
    file = tmp_path / "contract-file-A-1.zip"
    assert export(file.name) == (0, f"{file}\n", [])
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["../out.zip", "/etc/out.zip", ".hidden", "a/b.zip", "", "x" * 300])
def test_another_name_is_not_taken(export, tmp_path, name):
    assert export(name) == (0, f"{tmp_path / 'contract-file.zip'}\n", [])
    assert [file.name for file in tmp_path.iterdir()] == ["contract-file.zip"]


def test_a_file_is_never_replaced(export, tmp_path):
    file = tmp_path / "contract-file-A-1.zip"
    file.write_bytes(b"old")
    assert export(file.name) == (1, "", [f"{file}: File exists"])
    assert file.read_bytes() == b"old"


def test_of_a_file_that_cannot_be_written_nothing_is_left(export, tmp_path, monkeypatch):
    full = tmp_path / "full.zip"
    opened = type(tmp_path).open

    def failing(self, *arguments, **more):
        stream = opened(self, *arguments, **more)
        if self != full:
            return stream

        class Full:
            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                stream.close()

            def write(self, _):
                raise OSError(28, "No space left on device")

        return Full()

    monkeypatch.setattr(type(tmp_path), "open", failing)
    assert export(full.name) == (1, "", [f"{full}: No space left on device"])
    assert list(tmp_path.iterdir()) == []
