"""`python -m receiver` is `kitledger`."""

from receiver.cli import main

main()
