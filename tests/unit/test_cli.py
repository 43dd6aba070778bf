"""What all commands of `rapor` have in common: help, exit codes, errors in a line or two, colours for people only."""

import argparse
import os
import pty
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import rapor
from local.cli import COMMANDS, main
from local.errors import CommandStopped
from local.terminal import aligned, complain

RAPOR = [sys.executable, "-c", "from local.cli import main; main()"]
NOTHING_TO_READ = {"token"}


@pytest.fixture(params=COMMANDS)
def parser(request: pytest.FixtureRequest) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(request.param)
    import_module(f"local.commands.{request.param}").set_up(parser)
    return parser


def test_every_command_says_what_it_does_and_how_it_exits(parser: argparse.ArgumentParser) -> None:
    assert parser.description
    assert parser.epilog
    assert parser.epilog.startswith("Exits with 0")


def test_every_argument_is_explained(parser: argparse.ArgumentParser) -> None:
    assert [it.dest for it in parser._actions if not it.help] == []


def test_whatever_there_is_to_read_is_there_for_programs(parser: argparse.ArgumentParser) -> None:
    options = {option for action in parser._actions for option in action.option_strings}

    assert ("--json" in options) is (parser.prog not in NOTHING_TO_READ)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])

    assert (end.value.code, capsys.readouterr().out) == (0, f"rapor {rapor.__version__}\n")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (CommandStopped("It is not there.", "hint: Make it."), 2, "It is not there.\nhint: Make it.\n"),
        (CommandStopped("It did not work.", code=1), 1, "It did not work.\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (PermissionError(13, "Permission denied", "out/users.pdf"), 2, "out/users.pdf: Permission denied\n"),
        (
            TypeError("no such thing"),
            2,
            "This should not happen: TypeError: no such thing\nhint: RAPOR_DEBUG=1 shows where; please report it.\n",
        ),
    ],
    ids=["wrong", "failed", "interrupted", "file", "bug"],
)
def test_whatever_stops_a_command_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    def stop(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr("local.commands.check.run", stop)

    with pytest.raises(SystemExit) as end:
        main(["check"])

    assert end.value.code == code
    assert capsys.readouterr() == ("", said)


def test_a_bug_is_shown_to_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_: argparse.Namespace) -> int:
        raise TypeError("no such thing")

    monkeypatch.setattr("local.commands.check.run", stop)
    monkeypatch.setenv("RAPOR_DEBUG", "1")

    with pytest.raises(TypeError, match="no such thing"):
        main(["check"])


def test_a_home_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")

    done = subprocess.run(
        [*RAPOR, "token"], env=os.environ | {"RAPOR_HOME": str(tmp_path / "home")}, capture_output=True, text=True, check=False
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("RAPOR_HOME must be a folder that can be written to (")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_is_gone_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [*RAPOR, "token", "--sub", "1"], env=os.environ | {"RAPOR_HOME": str(tmp_path)}, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )  # fmt: skip
    os.close(writer)

    assert done.returncode == 0
    assert "Error" not in done.stderr


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["new", "orders", "--types", str(tmp_path / "nowhere"), "--data", str(tmp_path)])

    assert end.value.code == 2
    assert capsys.readouterr().err == f"There is no folder {tmp_path}/nowhere. Make it, or name another with --types.\n"


def test_colours_are_for_terminals(tmp_path: Path) -> None:
    (tmp_path / "types").mkdir()
    (tmp_path / "types/torn.toml").write_text("[")
    command = [*RAPOR, "check", "--types", str(tmp_path / "types"), "--data", str(tmp_path)]
    environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}

    seen = on_a_terminal(command, environ)
    plain = on_a_terminal(command, environ | {"NO_COLOR": "1"})
    piped = subprocess.run(command, env=environ, capture_output=True, text=True, check=False).stdout

    assert "\x1b[1;31mtorn  wrong" in seen
    assert "\x1b[1;31m" not in plain
    assert piped.startswith("torn  wrong\n")


def on_a_terminal(command: list[str], environ: dict[str, str]) -> str:
    """What somebody sees who types the command."""
    ours, its = pty.openpty()
    with subprocess.Popen(command, env=environ, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        seen = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux's way to say that nobody writes any more
                break
            if not part:
                break
            seen += part
        process.wait(30)
    os.close(ours)
    return seen.decode()


def test_columns_are_as_wide_as_they_look() -> None:
    assert list(aligned([("a", "1"), ("李雷", "2"), ("e\u0301", "3")])) == ["a     1", "李雷  2", "e\u0301     3"]
    assert list(aligned([])) == []


def test_what_went_wrong_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    complain("no")

    assert capsys.readouterr() == ("", "no\n")
