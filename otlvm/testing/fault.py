"""What a check says of a plug-in."""


class Fault(Exception):  # noqa: N818 (the fault is the plug-in's, not ours)
    """What is wrong with a plug-in, in words for its author."""


class NotApplicable(Exception):  # noqa: N818 (no error)
    """Why a check says nothing of this plug-in."""
