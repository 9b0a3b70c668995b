"""What stays on disk: the catalogue (SQLite), the vault with the recordings, and what moves and deletes them.

``database`` opens the catalogue, ``migrations`` is its schema, ``rows`` and ``catalogue`` save facts,
``search`` reads them back, ``writer`` is the one thread that writes. ``audio`` measures and joins, ``vault``
keeps files, ``finish`` turns closed segments into a stored recording, ``purge`` turns a recording that is due
into a tombstone.
"""
