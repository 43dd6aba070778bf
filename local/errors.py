"""Why a local run does not start."""


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
