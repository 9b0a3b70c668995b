"""The list that each migration of this package enters itself into, applied by sqlite-utils."""

from sqlite_utils.migrations import Migrations

migrations = Migrations("callwarden")
