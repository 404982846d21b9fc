"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from chatapp.core import passwords
from chatapp.core.errors import Invalid
from chatapp.core.passwords import Hasher

GOOD = "correct horse battery"


@pytest.fixture(scope="module")
def hasher() -> Hasher:
    return Hasher(memory_kib=64)


def test_a_password_fits_its_own_hash_only(hasher: Hasher) -> None:
    kept = hasher.hash(GOOD)
    assert hasher.is_right(GOOD, kept)
    assert not hasher.is_right(GOOD + " ", kept)
    assert not hasher.is_right("", kept)


def test_two_hashes_of_one_password_differ(hasher: Hasher) -> None:
    assert hasher.hash(GOOD) != hasher.hash(GOOD)


def test_the_hash_is_argon2id_with_the_parameters_in_it(hasher: Hasher) -> None:
    assert hasher.hash(GOOD).startswith("$argon2id$v=19$m=64,t=2,p=1$")


def test_the_hash_of_nobody_is_checked_as_any_other(hasher: Hasher) -> None:
    nobodys, somebodys = hasher.nobody.split("$"), hasher.hash(GOOD).split("$")
    assert nobodys[:4] == somebodys[:4]
    assert list(map(len, nobodys)) == list(map(len, somebodys))
    assert not hasher.is_right(GOOD, hasher.nobody)
    # One in no known form would be refused at once, without the work, and in other words.
    with pytest.raises(InvalidKey, match="do not match"):
        Argon2id.verify_phc_encoded(GOOD.encode(), hasher.nobody)


def test_everybody_meets_another_nobody(hasher: Hasher) -> None:
    assert hasher.nobody != Hasher(memory_kib=64).nobody


def test_the_same_letters_typed_on_another_system_are_the_same_password(hasher: Hasher) -> None:
    composed, decomposed = "Z\u00fcrich am See", "Zu\u0308rich am See"
    assert composed != decomposed
    assert hasher.is_right(decomposed, hasher.hash(composed))


def test_a_password_is_not_cut_off(hasher: Hasher) -> None:
    long = "x" * (passwords.LONGEST - 1)
    assert not hasher.is_right(long + "b", hasher.hash(long + "a"))


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "x",
        "plain text",
        "$argon2id$v=19$m=64,t=2,p=1$",
        "$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0$aGFz",
    ],
)
def test_a_damaged_hash_fits_nothing(hasher: Hasher, damaged: str) -> None:
    assert not hasher.is_right(GOOD, damaged)
    assert not hasher.is_right("", damaged)


def test_a_lone_surrogate_is_a_wrong_password_like_any_other(hasher: Hasher) -> None:
    assert not hasher.is_right("\ud800" * 12, hasher.hash(GOOD))


def test_an_endless_password_is_wrong_without_being_hashed_whole(hasher: Hasher) -> None:
    assert not hasher.is_right("x" * 10_000_000, hasher.hash(GOOD))


def test_when_the_parameters_rise_old_hashes_are_to_be_renewed(hasher: Hasher) -> None:
    kept = hasher.hash(GOOD)
    assert not hasher.needs_rehash(kept)
    assert Hasher(memory_kib=128).needs_rehash(kept)
    assert not Hasher(memory_kib=32).needs_rehash(kept)
    assert hasher.needs_rehash("")


@pytest.mark.parametrize(
    "password", [GOOD, "x" * 9 + "y", "密码密码密码密码密码", "p" * 1023 + "q", "🦜🐙🦉🐌🐝🦋🐢🐬🦔🐘"]
)
def test_any_ten_characters_will_do(password: str) -> None:
    assert passwords.check(password, "ada", "ada@example.org", "Ada Okafor") == password


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x" * 9,
        "x" * 1025,
        "password123",
        "PassWord123",
        "1234567890",
        "superman12",
        "qwertyuiop",
        "ada.lovelace",
        "ADA.Lovelace",
        *("ada1234567", "Lovelace-1815", "opsopsopsops", "example.org!", "ChatApp2026!", "ада1815ада"),
    ],
)
def test_short_endless_and_common_passwords_and_those_made_of_names_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check(password, "ada.lovelace", "al@example.org", "Ада 🦜", "Ops & Co", field="new")
    assert [error.field for error in refusal.value.errors] == ["new"]


def test_a_password_that_is_not_text_is_refused() -> None:
    with pytest.raises(Invalid):
        passwords.check("\udfff" * 12)


def test_the_list_of_common_ones_holds_only_what_the_length_rule_lets_through() -> None:
    assert [word for word in passwords.COMMON if len(word) < passwords.SHORTEST] == []
    assert all(word == word.casefold() for word in passwords.COMMON)
    assert len(passwords.COMMON) >= 3000
