"""Secrets in text: every form in which they are masked, and what is left alone."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from crmctl.redactor import Redactor

KEY = "sk-live/0123+4567="


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"Bearer {KEY}.", "Bearer [key]."),
        (f"{KEY}{KEY}", "[key][key]"),
        (f"/tasks?q={quote(KEY, safe='')}&x", "/tasks?q=[key]&x"),
        (f"/tasks/{quote(KEY, safe='').lower()}", "/tasks/[key]"),
        (f"/tasks/{quote(KEY)}", "/tasks/[key]"),
        ("/tasks/" + "".join(f"%{ord(character):02X}" for character in KEY), "/tasks/[key]"),
        (json.dumps(KEY).replace("/", "\\/"), '"[key]"'),
        ('"' + "".join(f"\\u{ord(character):04x}" for character in KEY) + '"', '"[key]"'),
        ("nothing of the kind", "nothing of the kind"),
        (KEY[:-1], KEY[:-1]),
        (KEY.upper(), KEY.upper()),
    ],
)
def test_a_secret_is_masked_in_every_form(text: str, masked: str) -> None:
    assert Redactor(KEY).mask(text) == masked


@pytest.mark.parametrize("secret", ['back\\slash"quote', "it's-a-secret", "(.*)[a-z]+$"])
def test_a_secret_of_odd_characters_is_masked_as_json_and_as_python_write_it(secret: str) -> None:
    texts = [secret, json.dumps(secret), json.dumps(json.dumps(secret)), repr(secret)]
    masked = [Redactor(secret).mask(text).strip("\"'\\") for text in texts]
    assert masked == ["[key]"] * 4


def test_what_is_as_short_as_a_word_is_no_secret() -> None:
    assert Redactor("key", "", "seven77").mask("key seven77") == "key seven77"


def test_of_two_secrets_the_longer_is_masked_whole() -> None:
    redactor = Redactor("0123456789")
    assert redactor.mask("0123456789abcdef") == "[key]abcdef"
    redactor.keep("0123456789abcdef")
    assert redactor.mask("0123456789abcdef 0123456789") == "[key] [key]"


def test_a_text_that_looks_like_the_beginning_of_a_secret_takes_no_time() -> None:
    text = "\\" * 2**20
    assert Redactor(KEY, "/" * 20).mask(text) == text
