"""What systems and editors leave lying in folders and archives: no data, at any depth."""

LEFT_BY_SYSTEMS = {
    "__macosx",  # macOS's archives
    "icon\r",
    "network trash folder",
    "temporary items",
    "thumbs.db",  # Windows
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",  # Linux
    "@eadir",  # network storage
    "@tmp",
    "@__thumb",
    "@recycle",
    "@recently-snapshot",
    "@sharebin",
    "#recycle",
    "#snapshot",
    "__pycache__",
    "cvs",
}
"""In lower case; all else that they leave is hidden, that is, begins with a dot."""


def is_litter(name: str) -> bool:
    """Tell whether a file or folder of this name is none of the data.

    Hidden files (``.DS_Store``, ``.ipynb_checkpoints``, macOS's ``._photo.png``), folders that
    systems make, and what editors keep beside a file (``photo.png~``, ``~$photo``, ``#photo#``).
    """
    lower = name.lower()
    return (
        lower.startswith((".", "~"))
        or lower.endswith("~")
        or (len(lower) > 1 and lower[0] == lower[-1] == "#")
        or lower in LEFT_BY_SYSTEMS
    )
