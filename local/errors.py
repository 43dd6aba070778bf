"""Why a local run does not start, or a command stops."""


class CannotStart(Exception):
    """The sentence is for the terminal; it holds no value of a setting."""


class BadSetting(CannotStart):
    """A variable of the environment does not fit."""


class HomeInUse(CannotStart):
    """Another run works in this folder."""


class PortTaken(CannotStart):
    """Something else listens there."""


class TemplateError(CannotStart):
    """The template asks for something the stand-in cannot give."""


class WrongReportType(CannotStart):
    """A file of the catalogue is wrong."""


class WrongSchedule(CannotStart):
    """An expression or a time zone is wrong."""


class BrokenFunction(CannotStart):
    """A function's code cannot be imported."""


class CommandStopped(Exception):
    """A command of `rapor` does not go on; the lines are for standard error and say why, then what to do."""

    def __init__(self, *lines: str, code: int = 2) -> None:
        super().__init__("\n".join(filter(None, lines)))
        self.code = code
