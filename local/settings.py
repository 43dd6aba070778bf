"""What a local run is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import BadSetting
from local.home import Home

HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Settings:
    """Where to answer, where to keep things, and how long to stay."""

    port: int
    home: Home
    once: bool
    first_order: bool

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """
        Read PORT, RAPOR_HOME, ONCE and RAPOR_FIRST_ORDER.

        Raises:
            BadSetting: One of them does not fit.
        """
        return cls(
            port=_port(environ.get("PORT") or "3000"),
            home=home_from(environ),
            once=_flag(environ, "ONCE", default=False),
            first_order=_flag(environ, "RAPOR_FIRST_ORDER", default=True),
        )


def home_from(environ: Mapping[str, str]) -> Home:
    """The folder of RAPOR_HOME, made if missing."""
    home = Home(Path(environ.get("RAPOR_HOME") or ".rapor").absolute())
    try:
        home.make()
    except OSError as error:
        raise BadSetting(f"RAPOR_HOME must be a folder that can be written to ({error.strerror})") from error
    return home


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST_PORT):
        raise BadSetting(f"PORT must be a number up to {HIGHEST_PORT}; 0 takes a free one")
    return int(text)


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environ.get(name) or str(int(default))
    if text not in {"0", "1"}:
        raise BadSetting(f"{name} must be 0 or 1")
    return text == "1"
