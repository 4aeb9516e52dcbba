"""Errors that a caller can act on. Each message is one clear line, free of personal data."""


class DataAccessError(Exception):
    """Base of every error that data_access raises on purpose."""


class BadUse(DataAccessError):
    """The request itself is wrong (unknown id, bad option): exit code 2."""


class NameTaken(BadUse):
    """What was to be saved has the name of another; nothing was changed."""


class BadInput(DataAccessError):
    """The delivered file or mapping cannot be used; nothing was changed."""


class DatabaseUnavailable(DataAccessError):
    """The shared database does not answer."""


class StorageUnavailable(DataAccessError):
    """A file of the program's own cannot be written (disk full, no right); nothing was changed."""


class SchemaMismatch(DataAccessError):
    """The database is not at the version this program expects."""


class ScopeDenied(DataAccessError):
    """The viewer may not see what was asked for."""


class UnknownId(BadUse):
    """No measure or indicator has this id."""


class SettingsError(BadUse):
    """An environment variable is missing or has a value that cannot be used."""


class PackError(BadInput):
    """A country pack breaks its own format; names file, row, field and reason."""
