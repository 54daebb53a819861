"""`python -m receiver` is `kitledger`."""

from receiver.commands.cli import main

main()
