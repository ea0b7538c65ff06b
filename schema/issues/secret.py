"""The secret with which somebody without a token follows an issue that they reported.

It is made from the issue's id with a key of the keyring, so that who sends a report again under
the same idempotency key is told the same secret, and it is stored nowhere.
"""

import uuid

from schema.keyring import Indexed, Keyring

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 letters, without those that people mistake for each other."""

LENGTH = 16


def new_secret(keyring: Keyring, tenant_id: int, issue: uuid.UUID) -> tuple[str, str]:
    """80 bits, in four groups of four letters, to be read out on a telephone; and the key's id.

    Errors: `KeyFileError`.
    """
    made = keyring.index(_value(issue), tenant_id)
    return _spelled(made), made.key_id


def secret_again(keyring: Keyring, tenant_id: int, issue: uuid.UUID, key_id: str) -> str | None:
    """The secret that was made with a key; None where that key has been dropped since.

    Errors: `KeyFileError`.
    """
    made = keyring.indexes(_value(issue), tenant_id)
    return next((_spelled(item) for item in made if item.key_id == key_id), None)


def _value(issue: uuid.UUID) -> str:
    # no telephone number, which the same key indexes, looks like this
    return f"issue-secret:{issue}"


def _spelled(made: Indexed) -> str:
    letters = [LETTERS[byte % len(LETTERS)] for byte in made.data[:LENGTH]]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, LENGTH, 4))
