"""No value of a secret gets through, in any form and however the text is cut."""

from __future__ import annotations

import base64
import json
import shlex
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.masking import MINIMUM_LENGTH, Masker

AWKWARD = "pä/ss\"w'ör d$+>x%2F\\n`&"
values = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0*"),
    min_size=MINIMUM_LENGTH,
    max_size=16,
)
plain_values = st.text("abcd01", min_size=MINIMUM_LENGTH, max_size=16)


def forms(value: str) -> dict[str, bytes]:
    """`value` as programs print it; each form must vanish."""
    raw = value.encode()
    return {
        "raw": raw,
        "json": json.dumps(value)[1:-1].encode(),
        "json, not ascii": json.dumps(value, ensure_ascii=False)[1:-1].encode(),
        "json in json": json.dumps(json.dumps(value)[1:-1])[1:-1].encode(),
        "json of javascript": json.dumps(value)[1:-1].replace("/", "\\/").encode(),
        "json, other case": json.dumps(value)[1:-1].replace("\\u00e4", "\\u00E4").encode(),
        "shell": shlex.quote(value).encode(),
        "shell, as dash traces": ("'" + value.replace("'", "'\\''") + "'").encode(),
        "url": quote(raw, safe="").encode(),
        "url, lower case": quote(raw, safe="").replace("%2F", "%2f").replace("%C3%A4", "%c3%a4").encode(),
        "url path": quote(raw).encode(),
        "url form": quote_plus(raw).encode(),
        "base64": base64.b64encode(raw),
        "base64, for urls": base64.urlsafe_b64encode(raw),
    }


@pytest.mark.parametrize("form", sorted(forms(AWKWARD)))
def test_every_form_is_masked(form: str) -> None:
    text = b"before " + forms(AWKWARD)[form] + b" after"
    masked = Masker({"TOKEN": AWKWARD}).mask_bytes(text)
    assert b"***TOKEN***" in masked
    assert masked.startswith(b"before ")
    assert masked.endswith(b" after")
    assert len(masked) <= len(b"before ***TOKEN*** after") + 4


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
def test_base64_is_masked_at_every_alignment_and_across_lines(
    encode: object, before: int, after: int
) -> None:
    assert callable(encode)
    secret = "user:pa?s>w~rd-" * 6
    text = encode(b"x" * before + secret.encode() + b"y" * after)
    masked = Masker({"T": secret}).mask_bytes(text)
    assert b"***T***" in masked
    # What is left: at most the characters that hold bits of the neighbours too.
    left = masked.replace(b"***T***", b"").replace(b"\n", b"")
    assert len(left) <= len(base64.b64encode(b"x" * before)) + len(base64.b64encode(b"y" * after)) + 4


def test_the_longest_of_several_secrets_wins_at_a_place() -> None:
    masker = Masker({"SHORT": "abcdefgh", "LONG": "abcdefghijkl"})
    assert masker.mask_text("abcdefghijkl abcdefgh") == "***LONG*** ***SHORT***"


def test_the_lines_of_a_key_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nabc\n-----END KEY-----\n"
    masked = Masker({"KEY": key}).mask_text("  MIIEowIBAAKCAQEA\r\n")
    assert masked == "  ***KEY***\r\n"


def test_a_secret_that_is_its_own_name_is_not_told_by_the_mask() -> None:
    assert Masker({"PASSWORD": "PASSWORD"}).mask_text("the PASSWORD is PASSWORD") == "the *** is ***"


def test_values_are_masked_inside_json_keys_included() -> None:
    masker = Masker({"T": "hunter22hunter22"})
    value = {"hunter22hunter22": ["x hunter22hunter22", 1, None, True, {"a": "ok"}]}
    assert masker.mask_value(value) == {"***T***": ["x ***T***", 1, None, True, {"a": "ok"}]}


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="`PIN` is shorter than 8"):
        Masker({"PIN": "1234567"})


def test_without_secrets_nothing_is_copied() -> None:
    masker = Masker({})
    data, text, value = b"some bytes", "some text", {"a": ["b"]}
    assert masker.is_empty
    assert masker.mask_bytes(data) is data
    assert masker.mask_text(text) is text
    assert masker.mask_value(value) is value
    assert masker.stream().feed(data) is data
    assert masker.stream().finish() == b""


def fed(masker: Masker, text: bytes, cuts: list[int]) -> bytes:
    """`text` through a stream, cut at these places."""
    stream = masker.stream()
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    return b"".join(stream.feed(text[i:j]) for i, j in pairwise(places)) + stream.finish()


cuts = st.lists(st.integers(0, 1 << 16), max_size=30)


@given(values, st.integers(0, 13), st.binary(max_size=20), cuts)
def test_no_cut_lets_any_form_through(value: str, which: int, around: bytes, places: list[int]) -> None:
    secret = list(forms(value).values())[which]
    text = around + secret + around + secret
    masker = Masker({"S": value})
    masked = fed(masker, text, places)
    assert masked == masker.mask_bytes(text)
    assert secret not in masked
    assert value.encode() not in masked


@given(st.lists(plain_values, min_size=1, max_size=3, unique=True), st.text("abcd01", max_size=60), cuts)
def test_secrets_that_overlap_are_masked_alike_whole_and_cut(
    secrets: list[str], text: str, places: list[int]
) -> None:
    masker = Masker({f"S{number}": value for number, value in enumerate(secrets)})
    raw = "".join((text, secrets[0], text, secrets[-1], text)).encode()
    masked = fed(masker, raw, places)
    assert masked == masker.mask_bytes(raw)
    assert all(value.encode() not in masked for value in secrets)


@given(values)
def test_masking_twice_changes_nothing_more(value: str) -> None:
    masker = Masker({"S": value})
    once = masker.mask_text(f"<{value}>")
    assert value not in once
    assert masker.mask_text(once) == once
