"""The command line. `electrodej.cli.main` is the way in; each verb has a module of its own."""

from electrodej.cli.main import main

__all__ = ["main"]
