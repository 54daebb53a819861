"""The console script as `python -m receiver`."""

from receiver.commands.cli import main

# Processes that verify import this module again.
if __name__ == "__main__":
    main()
