"""Tables in CSV: no spreadsheet computes a text, and every text can be read back."""

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what reads texts back needs no pandas
    import pandas as pd

_COMPUTED = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def escape(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    One that begins so after apostrophes of its own gets one more, so that `unescape` is exact.
    """
    return f"'{text}" if _COMPUTED.match(text) else text


def unescape(text: str) -> str:
    """Return the text that `escape` wrote."""
    return text[1:] if text.startswith("'") and _COMPUTED.match(text) else text


def to_csv(frame: "pd.DataFrame") -> str:
    """Write a table without its index, numbers to the last digit, texts by `escape`."""
    columns = {str(name): list(frame[name]) for name in frame.select_dtypes(exclude="number")}
    texts = {
        name: [escape(value) if isinstance(value, str) else value for value in column]
        for name, column in columns.items()
        if any(isinstance(value, str) for value in column)
    }
    lines = _Lines()
    written = frame.assign(**texts).rename(columns=escape)
    written.to_csv(lines, index=False, lineterminator="\r\n")
    return lines.getvalue()


class _Lines(io.StringIO):
    """Ends lines with a line feed; only a writer that ends them with CR LF quotes texts with CR."""

    def write(self, line: str) -> int:
        return super().write(line.removesuffix("\r\n") + "\n")
