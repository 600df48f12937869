"""What people are told: bad input, an error in a line, durations, lines of a console."""

KeyPath = tuple[str | int, ...]


class InputError(Exception):
    """Bad input, told on one screen: file, line, key path, problem and remedy.

    Attributes:
        message: The problem and its remedy.
        path: The keys that lead to the offending value.
    """

    def __init__(self, message: str, path: KeyPath = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def show_duration(seconds: float) -> str:
    """Write a duration, such as ``2 h 05 min`` or ``40 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def one_line(error: Exception) -> str:
    """Write an error without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split())
