"""The console script as `python -m receiver`."""

from receiver.commands.cli import main

main()
