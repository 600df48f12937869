"""URIs of where MLflow logs, for folders of any name: with ``?``, ``%20``, ``#``, spaces."""

import os
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

FILE = "file:"


def check_uri(uri: str) -> None:
    """Check what a user wrote, without importing anything of MLflow's.

    Raises:
        ValueError: If it is no URI, or one that means another place than it seems to.
    """
    if ":" not in uri:
        raise ValueError(
            f"{uri!r} is not a URI: expected a server or a database, such as "
            f"'http://host:5000' or 'sqlite:///all.db'"
        )
    if _is_sqlite(uri) and "?" in uri:
        place, _, options = uri.partition("?")
        if "/" in options or not all("=" in option for option in options.split("&")):
            raise ValueError(
                f"{uri!r} names the database {place.partition('///')[2]!r}, for options begin at "
                f"'?': keep the database in a folder without '?' in its name"
            )
    elif uri.startswith(FILE) and (urlsplit(uri).query or urlsplit(uri).fragment):
        raise ValueError(
            f"{uri!r} is not the URI of a folder: write its '?' as %3F, its '#' as %23 and its '%' "
            f"as %25"
        )


def database_uri(path: Path) -> str:
    """Return the URI of an SQLite file in any folder.

    The path is one percent-encoded name, which SQLite itself decodes: SQLAlchemy does so from 2.1
    on alone, and MLflow makes the folder above what is written there, encoded as it is.
    """
    from sqlalchemy import URL

    url = URL.create("sqlite", database=_name(path), query={"uri": "true"})
    return url.render_as_string(hide_password=False)


def database_of(uri: str) -> Path | None:
    """Return the SQLite file that a URI names; None for a server, another database or none."""
    from sqlalchemy import make_url

    if not _is_sqlite(uri):
        return None
    url = make_url(uri)
    database, options = url.database or "", url.query
    if database in ("", ":memory:") or options.get("mode") == "memory":
        return None
    if "uri" in options and database.startswith(FILE):
        place = database.removeprefix(FILE)
        place = urlsplit(place).path if place.startswith("//") else place.partition("?")[0]
        return Path(unquote(place)).resolve()
    return Path(database).resolve()


def in_any_folder(uri: str) -> str:
    """Return the same place as MLflow finds it, whatever the folder of an SQLite file is called."""
    from sqlalchemy import make_url

    path = database_of(uri)
    if path is None:
        return uri
    url = make_url(uri).set(database=_name(path)).update_query_dict({"uri": "true"})
    return url.render_as_string(hide_password=False)


def _is_sqlite(uri: str) -> bool:
    return urlsplit(uri).scheme.partition("+")[0] == "sqlite"


def _name(path: Path) -> str:
    return FILE + quote(os.fsencode(path), safe="")
