"""Who gives a command, as the audit names them."""

import os
import pwd

_LONGEST = 60  # the audit's column


def operator() -> str:
    """Return ``cli:`` and the login on this machine, or its number where it has no name."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"uid-{number}"
    return f"cli:{name}"[:_LONGEST]
