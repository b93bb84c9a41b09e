"""What `OLLAMA_HOST` may hold, and where that is (wire/ollama §1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from majordomo.errors import ConfigError
from majordomo.providers.ollama import ollama_url

URLS = {
    "": "http://127.0.0.1:11434",
    "  ": "http://127.0.0.1:11434",
    '""': "http://127.0.0.1:11434",
    "localhost": "http://localhost:11434",
    "gpu-box": "http://gpu-box:11434",
    "gpu-box:8080": "http://gpu-box:8080",
    ":8080": "http://127.0.0.1:8080",
    "gpu-box:": "http://gpu-box:11434",
    "10.0.0.7": "http://10.0.0.7:11434",
    "http://gpu-box": "http://gpu-box",
    "http://gpu-box:80": "http://gpu-box",
    "https://gpu-box": "https://gpu-box",
    "https://gpu-box:443/": "https://gpu-box",
    "https://gpu-box:11434": "https://gpu-box:11434",
    "HTTPS://gpu-box": "https://gpu-box",
    "https://gpu-box/base/path/": "https://gpu-box/base/path",
    "gpu-box/base": "http://gpu-box:11434/base",
    "gpu-box:1/base": "http://gpu-box:1/base",
    "ollama.com": "https://ollama.com",
    "Ollama.com/": "https://ollama.com",
    "http://ollama.com": "http://ollama.com",
    "0.0.0.0": "http://127.0.0.1:11434",
    "0.0.0.0:8080": "http://127.0.0.1:8080",
    "http://0.0.0.0:11434": "http://127.0.0.1:11434",
    "[::]": "http://127.0.0.1:11434",
    "[::]:8080": "http://127.0.0.1:8080",
    "::": "http://127.0.0.1:11434",
    "[::1]": "http://[::1]:11434",
    "[::1]:8080": "http://[::1]:8080",
    "::1": "http://[::1]:11434",
    "http://[FE80::1]/x": "http://[fe80::1]/x",
    "  'https://gpu-box' \n": "https://gpu-box",
}


@pytest.mark.parametrize(("value", "expected"), URLS.items())
def test_a_value_means_one_url(value, expected):
    assert ollama_url(value) == expected
    assert ollama_url(expected) == expected


WRONG = [
    "ftp://gpu-box",
    "gpu-box:http",
    "gpu-box:0",
    "gpu-box:65536",
    "gpu-box:-1",
    "gpu-box:٣",
    "user:secret@gpu-box",
    "http://secret@gpu-box",
    "gpu box",
    "gpu-box?secret=1",
    "gpu-box/x?secret=1",
    "gpu-box/x#secret",
    "[::1",
    "[::1]x",
    "[gpu-box]",
    "gpu\x00box",
    "gpu-box/\x7f",
]


@pytest.mark.parametrize("value", WRONG)
def test_anything_else_is_refused_without_repeating_it(value):
    with pytest.raises(ConfigError, match="OLLAMA_HOST") as caught:
        ollama_url(value)
    assert "secret" not in str(caught.value)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_refused_or_normalised_once_and_for_all(value):
    try:
        url = ollama_url(value)
    except ConfigError:
        return
    assert url.startswith(("http://", "https://"))
    assert not url.endswith("/")
    assert ollama_url(url) == url
