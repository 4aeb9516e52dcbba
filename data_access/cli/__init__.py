"""The command line of the shared database: `python -m data_access COMMAND`."""
