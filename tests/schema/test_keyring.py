"""Sealing, opening, and the blind index."""

import hashlib
import hmac
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.key_file import KeyFileError, read_keys
from schema.keyring import CannotOpenError, Indexed, Keyring, Sealed, sealing_context

ROW = uuid.UUID(int=1)
HERE = sealing_context(210400, ROW, "phone")
PHONE = "+8613812345678"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the keys are kept."""
    return tmp_path / "keys.json"


@pytest.fixture
def keyring(path: Path) -> Keyring:
    """New keys."""
    return Keyring(path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """Keys that no test changes."""
    return Keyring(tmp_path_factory.mktemp("keys") / "keys.json")


@given(text=st.text() | st.just("\ud800李四"), context=st.binary())
def test_what_is_sealed_opens(shared: Keyring, text: str, context: bytes) -> None:
    """Any text opens with its context, and is 28 bytes longer when sealed."""
    sealed = shared.seal(text, context)
    assert shared.open(sealed, context) == text
    assert len(sealed.data) == len(text.encode("utf-8", "surrogatepass")) + 28


def test_two_seals_of_one_text_differ(shared: Keyring) -> None:
    """Equal texts cannot be told from their sealed forms."""
    assert len({shared.seal(PHONE, HERE).data for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "elsewhere",
    [
        sealing_context(210600, ROW, "phone"),
        sealing_context(210400, uuid.UUID(int=2), "phone"),
        sealing_context(210400, ROW, "name"),
        b"",
    ],
)
def test_a_sealed_value_opens_nowhere_else(elsewhere: bytes, shared: Keyring) -> None:
    """A value that is moved to another tenant, row or field does not open."""
    sealed = shared.seal(PHONE, HERE)
    with pytest.raises(CannotOpenError) as caught:
        shared.open(sealed, elsewhere)
    assert caught.value.key_id == sealed.key_id
    assert str(caught.value) == (
        f"a value sealed with the key {sealed.key_id!r} cannot be opened: "
        "it was changed, or belongs to another row or field"
    )


@given(bit=st.integers(min_value=0, max_value=8 * 42 - 1))
def test_a_changed_value_does_not_open(shared: Keyring, bit: int) -> None:
    """Any bit of a sealed value that is changed is noticed."""
    sealed = shared.seal(PHONE, HERE)
    changed = bytearray(sealed.data)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CannotOpenError):
        shared.open(Sealed(sealed.key_id, bytes(changed)), HERE)


@pytest.mark.parametrize("length", [0, 11, 12, 27])
def test_a_cut_value_does_not_open(length: int, shared: Keyring) -> None:
    """What is too short to be a sealed value is refused as one that does not open."""
    sealed = shared.seal(PHONE, HERE)
    with pytest.raises(CannotOpenError, match="it is too short"):
        shared.open(Sealed(sealed.key_id, sealed.data[:length]), HERE)


def test_another_key_does_not_open(keyring: Keyring) -> None:
    """A value under another key's id does not open."""
    sealed = keyring.seal(PHONE, HERE)
    with pytest.raises(CannotOpenError):
        keyring.open(Sealed(keyring.rotate(), sealed.data), HERE)


def test_an_unknown_key_is_named(keyring: Keyring, path: Path) -> None:
    """A value whose key is not in the file is refused with the key's id and the file's name."""
    sealed = Sealed("f00d", keyring.seal(PHONE, HERE).data)
    with pytest.raises(CannotOpenError) as caught:
        keyring.open(sealed, HERE)
    assert str(caught.value) == (
        f"a value sealed with the key 'f00d' cannot be opened: the key file {path} has no such key"
    )


def test_equal_values_have_one_index(shared: Keyring) -> None:
    """Equal values of a tenant are found by 32 equal bytes, other values by other ones."""
    found = shared.index(PHONE, 210400)
    assert found == shared.index(PHONE, 210400)
    assert (found.key_id, len(found.data)) == (shared.index_key_id, 32)
    assert found.data != shared.index("+8613812345679", 210400).data


def test_tenants_cannot_be_joined_by_the_index(shared: Keyring) -> None:
    """Equal values of two tenants have different indexes."""
    found = {shared.index(PHONE, tenant_id).data for tenant_id in (210400, 210600, 210000)}
    assert len(found) == 3


@given(values=st.lists(st.tuples(st.integers(1, 999_999), st.text()), unique=True, max_size=20))
def test_indexes_do_not_collide(shared: Keyring, values: list[tuple[int, str]]) -> None:
    """No other pair of tenant and value has the index of one."""
    assert len({shared.index(text, tenant) for tenant, text in values}) == len(values)


def test_a_rotated_key_leaves_the_old_one_open(keyring: Keyring) -> None:
    """After a rotation new values have the new key, and old ones still open."""
    old = keyring.seal(PHONE, HERE)
    key_id = keyring.rotate()
    new = keyring.seal(PHONE, HERE)
    assert (new.key_id, keyring.key_id) == (key_id, key_id)
    assert keyring.key_ids == {old.key_id, key_id}
    assert [keyring.open(sealed, HERE) for sealed in (old, new)] == [PHONE, PHONE]


def test_a_rotated_index_is_looked_up_by_both_keys(keyring: Keyring) -> None:
    """While an index is made anew a value is found by either key."""
    old = keyring.index(PHONE, 210400)
    key_id = keyring.rotate_index()
    new = keyring.index(PHONE, 210400)
    assert (new.key_id, keyring.index_key_id) == (key_id, key_id)
    assert keyring.indexes(PHONE, 210400) == (old, new)
    keyring.drop(old.key_id)
    assert keyring.indexes(PHONE, 210400) == (new,)
    assert keyring.index_key_ids == {key_id}


def test_a_running_server_notices_a_rotation(keyring: Keyring, path: Path) -> None:
    """What another process rotated is opened, sealed and indexed with without a restart."""
    running = Keyring(path)
    before = keyring.seal(PHONE, HERE)
    keyring.rotate()
    sealed = keyring.seal(PHONE, HERE)
    assert running.open(sealed, HERE) == PHONE
    keyring.rotate()
    keyring.rotate_index()
    assert running.seal(PHONE, HERE).key_id == keyring.key_id
    assert running.index(PHONE, 210400) == keyring.index(PHONE, 210400)
    assert running.open(before, HERE) == PHONE


def test_a_dropped_key_opens_nothing(keyring: Keyring, path: Path) -> None:
    """A key that was dropped is gone from the file and from memory."""
    sealed = keyring.seal(PHONE, HERE)
    keyring.rotate()
    keyring.drop(sealed.key_id)
    assert sealed.key_id not in path.read_text()
    with pytest.raises(CannotOpenError):
        keyring.open(sealed, HERE)


def test_a_key_in_use_is_not_dropped(keyring: Keyring, path: Path) -> None:
    """Neither the current keys nor an unknown one can be dropped, and the file stays as it is."""
    before = path.read_bytes()
    for key_id in (keyring.key_id, keyring.index_key_id):
        with pytest.raises(KeyFileError) as caught:
            keyring.drop(key_id)
        assert str(caught.value) == f"the key {key_id} of {path} is in use: rotate the keys first"
    with pytest.raises(KeyFileError) as caught:
        keyring.drop("f00d")
    assert str(caught.value) == f"the key file {path} has no key f00d"
    assert path.read_bytes() == before


def test_nothing_is_sealed_with_a_lost_file(keyring: Keyring, path: Path) -> None:
    """Without its file a keyring still opens, and refuses to seal what nobody could open later."""
    sealed = keyring.seal(PHONE, HERE)
    path.unlink()
    assert keyring.open(sealed, HERE) == PHONE
    with pytest.raises(KeyFileError):
        keyring.seal(PHONE, HERE)
    with pytest.raises(KeyFileError):
        keyring.index(PHONE, 210400)
    with pytest.raises(CannotOpenError):
        keyring.open(Sealed("f00d", sealed.data), HERE)


def test_a_file_that_must_exist_is_not_made(path: Path) -> None:
    """A file that the settings name is not made where it is missing."""
    with pytest.raises(KeyFileError):
        Keyring(path, create=False)
    assert not path.exists()


def test_a_restart_has_the_same_keys(keyring: Keyring, path: Path) -> None:
    """What was sealed and indexed before a restart is opened and found after it."""
    sealed, found = keyring.seal(PHONE, HERE), keyring.index(PHONE, 210400)
    again = Keyring(path, create=False)
    assert (again.open(sealed, HERE), again.index(PHONE, 210400)) == (PHONE, found)


def test_a_keyring_does_not_show_its_keys(keyring: Keyring, path: Path) -> None:
    """What is printed of a keyring is where its file is."""
    assert repr(keyring) == f"Keyring({str(path)!r})"


def test_index_is_the_documented_hmac(keyring: Keyring, path: Path) -> None:
    """The index is HMAC-SHA-256 over tenant, colon and value, so that other tools can make it."""
    key = read_keys(path)[0].index.keys[keyring.index_key_id]
    expected = hmac.new(key, b"1:x", hashlib.sha256).digest()
    assert keyring.index("x", 1) == Indexed(keyring.index_key_id, expected)
