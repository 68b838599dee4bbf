"""Base URLs: what one is, and what a key belongs to."""

from __future__ import annotations

import pytest

from crmctl import errors
from crmctl.origin import origin


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Host", "https://host:443"),
        ("HTTPS://host:443/api", "https://host:443"),
        ("https://host:8443/", "https://host:8443"),
        ("http://LOCALHOST/x", "http://localhost:80"),
        ("http://127.8.8.8:1", "http://127.8.8.8:1"),
        ("http://[0:0::1]:9/", "http://[::1]:9"),
        ("https://crm-2.example.com", "https://crm-2.example.com:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm.example.com",
        "ftp://crm.example.com",
        "https://",
        "https:///api",
        "https://host:port",
        "https://host:0",
        "https://host:99999",
        "https://[::1",
        "https://ho st/",
        "https://host/\n",
        "https://host\\@evil.example",
        "https://höst/",
        "https://ho%73t/",
        "https://host/api?tenant=secret",
        "https://host/#secret",
        "https://jane:secret@host/",
        "http://crm.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
    ],
)
def test_a_url_that_cannot_be_trusted_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        origin(url)
    assert "secret" not in caught.value.message
