"""Envelopes open whole, for their purpose and with a key that is kept, and not otherwise."""

from __future__ import annotations

import base64
import hmac
import string
from collections import Counter
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from chatapp.core.sealing import LONGEST, Sealer

KEYS = [base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in range(3)]
ALPHABET = string.ascii_letters + string.digits + "-_"
SEALER = Sealer("mail", KEYS[:1])
# Of all lengths that leave different numbers of bits over at the end.
CONTENTS = [b"", b"a", b"the link", b"the link opens", b"\x00\xff" * 100]


def raw(envelope: str) -> bytes:
    return base64.urlsafe_b64decode(envelope + "==")


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def opens(sealer: Sealer, envelope: str) -> bool:
    try:
        sealer.open(envelope)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_sealed_comes_out(content: bytes) -> None:
    envelope = SEALER.seal(content)
    assert set(envelope) <= set(ALPHABET)
    assert SEALER.open(envelope).content == content


def test_any_of_the_keys_opens_and_no_other() -> None:
    envelope = Sealer("mail", KEYS[1:]).seal(b"the link")
    assert b"link" not in raw(envelope)
    assert Sealer("mail", KEYS[:2]).open(envelope).content == b"the link"
    with pytest.raises(ValueError, match="key"):
        Sealer("mail", KEYS[2:]).open(envelope)


def test_whether_it_would_be_sealed_the_same_way_today_is_said() -> None:
    envelope = Sealer("mail", KEYS[:1]).seal(b"x")
    assert Sealer("mail", KEYS).open(envelope).is_current
    assert not Sealer("mail", KEYS[::-1]).open(envelope).is_current


@pytest.mark.parametrize("content", CONTENTS)
def test_no_bit_can_be_flipped(content: bytes) -> None:
    assert [each for each in flipped(raw(SEALER.seal(content))) if opens(SEALER, text(each))] == []


def flipped(whole: bytes) -> Iterator[bytes]:
    for at, byte in enumerate(whole):
        for bit in range(8):
            yield bytes([*whole[:at], byte ^ 1 << bit, *whole[at + 1 :]])


@pytest.mark.parametrize("content", CONTENTS)
def test_no_sign_can_be_another(content: bytes) -> None:
    """The last one has bits that mean nothing: with another there it would be another text that opens."""
    envelope = SEALER.seal(content)
    changed = [
        envelope[:at] + sign + envelope[at + 1 :]
        for at in range(len(envelope))
        for sign in ALPHABET + "=+/ \n\0é\udcff"
        if sign != envelope[at]
    ]
    assert [each for each in changed if opens(SEALER, each)] == []


def test_nothing_can_be_cut_off_or_added() -> None:
    envelope = SEALER.seal(b"the link")
    changed = [envelope[:end] for end in range(len(envelope))] + [envelope[start:] for start in range(1, len(envelope))]
    changed += [envelope + more for more in ("A", "=", "==", "\n", ".", "AAAA", envelope)] + [" " + envelope]
    assert [each for each in changed if opens(SEALER, each)] == []


def test_another_purpose_opens_nothing() -> None:
    purposes = ["mail", "session cookie", "mai", "mail2", ""]
    for purpose in purposes:
        envelope = Sealer(purpose, KEYS).seal(b"x")
        assert [other for other in purposes if opens(Sealer(other, KEYS), envelope)] == [purpose]


def test_it_is_what_the_decision_says_to_the_byte() -> None:
    """With an HKDF (RFC 5869) that is made here, of HMAC alone."""
    head = b"\x01" + bytes(range(28))
    assert SEALER.open(text(head + by_hand(head, info=b"mail", data=b"\x01mail"))).content == b"the link"
    for info, data in (
        (b"", b"\x01mail"),
        (b"mail", b""),
        (b"mail", b"mail"),
        (b"mail", b"\x01mai"),
        (b"mai", b"\x01mail"),
    ):
        assert not opens(SEALER, text(head + by_hand(head, info=info, data=data)))
    other = b"\x02" + head[1:]
    assert not opens(SEALER, text(other + by_hand(other, info=b"mail", data=b"\x02mail")))


def by_hand(head: bytes, *, info: bytes, data: bytes) -> bytes:
    extracted = hmac.digest(head[1:17], base64.urlsafe_b64decode(KEYS[0]), "sha256")
    key = hmac.digest(extracted, info + b"\x01", "sha256")
    return AESGCM(key).encrypt(head[17:], b"the link", data)


def test_no_two_are_alike_in_what_must_differ() -> None:
    """A nonce that comes twice under one key betrays both contents, and the key they are authenticated with."""
    heads = Counter(raw(SEALER.seal(b"x"))[1:29] for _ in range(2000))
    assert len(heads) == 2000
    # No byte of them stands still.
    assert min(len(set(column)) for column in zip(*heads, strict=True)) > 200


def test_one_of_before_still_opens_and_is_not_current() -> None:
    for number, key in enumerate(KEYS):
        former = Fernet(key).encrypt(b"the link").decode()
        assert Sealer("mail", KEYS).open(former).content == b"the link"
        assert not Sealer("mail", KEYS).open(former).is_current
        assert opens(Sealer("mail", KEYS[:1]), former) == (number == 0)


def test_of_one_of_before_no_bit_can_be_flipped_and_nothing_be_cut_off() -> None:
    former = Fernet(KEYS[0]).encrypt(b"the link")
    changed = [base64.urlsafe_b64encode(each).decode() for each in flipped(base64.urlsafe_b64decode(former))]
    changed += [former[:end].decode() for end in range(len(former))]
    assert [each for each in changed if opens(SEALER, each)] == []


def test_nothing_is_sealed_as_before() -> None:
    assert not any(SEALER.seal(b"x").startswith("gA") for _ in range(1000))


def test_what_is_too_long_is_neither_sealed_nor_looked_at() -> None:
    with pytest.raises(ValueError, match="long"):
        SEALER.seal(b"x" * LONGEST)
    for start in ("", "gA"):
        with pytest.raises(ValueError, match="long"):
            SEALER.open(start + "A" * (LONGEST + 1))
    longest = LONGEST // 4 * 3 - 45
    assert len(SEALER.seal(b"x" * longest)) == LONGEST
    assert opens(SEALER, SEALER.seal(b"x" * longest))


@given(st.text() | st.text(ALPHABET) | st.binary().map(text))
def test_anything_else_is_a_value_error(envelope: str) -> None:
    assert not opens(SEALER, envelope)
    assert not opens(SEALER, "gA" + envelope)
    assert not opens(SEALER, "AQ" + envelope)


@given(st.binary())
def test_any_content_comes_out(content: bytes) -> None:
    assert SEALER.open(SEALER.seal(content)).content == content
