"""The official rules of an epidemic by date: declared as data, evaluated as pure functions."""
