"""Notices for browsers are sealed and signed as the RFCs have it, and only for keys that are some."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chatapp.core import push
from chatapp.core.destinations import networks
from chatapp.core.errors import Invalid
from chatapp.core.push import PADDED_BYTES, Notice, PushKeys, Subscription
from tests.support.push_service import decoded, encoded, needs_push, opened, point

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95"
    "bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
BROWSER = Subscription("https://push.example.net/a", UA_PUBLIC, AUTH, "")


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(text)), ec.SECP256R1())


def test_the_example_of_the_rfc_comes_out_to_the_byte() -> None:
    needs_push()
    sealed = push.seal(PLAIN, BROWSER, private_key=private(AS_PRIVATE), salt=decoded(SALT))
    assert encoded(sealed) == SEALED
    assert opened(sealed, private(UA_PRIVATE), decoded(AUTH)) == PLAIN


def test_every_notice_is_as_long_as_any_other_and_sealed_anew() -> None:
    needs_push()
    words = ("", "a", "\N{GRINNING FACE}" * 120, "\x01" * 120)
    sealed = [push.sealed(Notice("A" * 64, text, "room", "/rooms/room/1"), BROWSER) for text in (*words, "a")]
    assert len({len(each) for each in sealed}) == 1
    assert len(sealed[0]) <= 4096
    assert sealed[1] != sealed[-1]
    assert len(opened(sealed[0], private(UA_PRIVATE), decoded(AUTH))) == PADDED_BYTES


def test_a_push_service_can_verify_who_sends() -> None:
    keys = PushKeys(["first"])
    header = keys.authorization(keys.newest, "https://push.example.net:443/x?y", "mailto:a@example.org", 1_000)
    token, key = header.removeprefix("vapid t=").split(", k=")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    claims: dict[str, Any] = jwt.decode(
        token, public, algorithms=["ES256"], audience="https://push.example.net:443", options={"verify_exp": False}
    )
    assert (claims["sub"], claims["exp"]) == ("mailto:a@example.org", 1_000 + push.TOKEN_SECONDS)


def test_keys_follow_the_secrets_and_old_ones_sign_until_they_are_forgotten() -> None:
    before, after = PushKeys(["one"]), PushKeys(["two", "one"])
    assert PushKeys(["one"]).newest == before.newest != after.newest
    assert before.newest in after
    assert after.newest not in before
    assert after.authorization(before.newest, "https://a.example", "mailto:a@example.org", 0).endswith(before.newest)


@pytest.mark.parametrize(
    "address",
    [
        *("http://push.example.net/a", "https://push.example.net:8443/a", "https://a@push.example.net/", "ftp://x/"),
        *("https:///a", "https://push.example.net/#a", "https://push example.net/", "https://[::1/", "//x/", ""),
        *(
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://[::ffff:127.0.0.1]/",
            "https://0X7F.1/",
            "https://127.1./",
        ),
        *("https://x:99999/", "https://push.example.net\\@evil/", "https://ünï.example/", "https://x/" + "a" * 2048),
    ],
)
def test_what_is_no_address_of_a_push_service_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        push.endpoint(address)


def test_the_operators_own_may_be_reached_otherwise() -> None:
    own = networks(["10.0.0.0/8"])
    assert push.endpoint("http://push.local:8000/a", own)
    assert push.endpoint("http://10.0.0.1:8000/a", own)
    with pytest.raises(Invalid):
        push.endpoint("http://192.168.0.1:8000/a", own)
    with pytest.raises(Invalid):
        push.endpoint("http://push.local:8000/a")


@pytest.mark.parametrize("text", ["", "AAAA", UA_PUBLIC[:-1], UA_PUBLIC + "A", "é" * 87, encoded(b"\4" + b"\1" * 64)])
def test_what_is_no_key_of_a_browser_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        push.public_key(text)


@pytest.mark.parametrize("text", ["", AUTH[:-2], AUTH + "AA", AUTH + "=", "+" * 22])
def test_what_is_no_secret_of_a_browser_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        push.secret(text)
    assert push.secret(AUTH) == AUTH
    assert push.public_key(encoded(point(private(UA_PRIVATE).public_key()))) == UA_PUBLIC
