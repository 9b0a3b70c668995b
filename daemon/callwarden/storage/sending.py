"""One recording to the external store, or away from it, or out of the vault because it is there: each step confirmed.

Takes a store, gives nothing; raises StoreAway for the store's faults and :class:`Problem` for the recording's own. Each
may be broken off at any point and asked again.
"""

from functools import partial

from callwarden.storage import copies
from callwarden.storage.copies import Copy, Wanted
from callwarden.storage.opening import Damaged, local_file
from callwarden.storage.run import Run
from callwarden.storage.store import Store
from callwarden.storage.vault import Vault


class Problem(Exception):
    """This recording cannot be sent; the text says why. Others can."""


def send(store: Store, one: Wanted, vault: Vault, run: Run) -> bool:
    """Copy the recording's file as it is, and read it back; False when it is not stored like this any more."""
    if not run(partial(copies.begin, one=one)):
        return False
    try:
        sha256 = _send(store, one, vault)
    except Damaged as error:
        raise _failed(one, f"It was not copied: {error}.", run) from None
    if sha256 != one.sha256:
        store.remove(one.path)
        raise _failed(one, "It was not copied: its file in the vault is not what was stored.", run)
    try:
        found = store.sha256(one.path)
    except FileNotFoundError:
        raise _failed(one, "The external store took it, and does not have it.", run) from None
    if found != (one.sha256, one.bytes):
        raise _failed(one, "The external store has something else than what was sent.", run)
    run(partial(copies.sent, one=one))
    return True


def _send(store: Store, one: Wanted, vault: Vault) -> str:
    file = local_file(vault, one.path)
    if file is None:
        raise Damaged("its file is missing from the vault")
    with file:
        return store.send(one.path, file)


def delete(store: Store, copy: Copy, run: Run) -> None:
    """Delete the copy; returns when it was seen to be gone."""
    store.remove(copy.path)
    run(partial(copies.gone, copy=copy))


def leave(store: Store, copy: Copy, vault: Vault, run: Run) -> None:
    """Delete the vault's file of what the store was seen, just now, to have."""
    if store.size(copy.path) != copy.bytes:
        raise Problem("The external store lost or changed it after it was checked: the vault keeps its file.")
    with vault.changing:
        if run(partial(copies.may_leave, copy=copy)):
            vault.remove(copy.path)
            run(partial(copies.local_removed, unique_ids=[copy.unique_id]))


def _failed(one: Wanted, problem: str, run: Run) -> Problem:
    run(partial(copies.failed, unique_id=one.unique_id, path=one.path, problem=problem))
    return Problem(problem)
