"""The subcommands of the console script, a module for each noun."""
