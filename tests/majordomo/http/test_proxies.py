import pytest

from majordomo.errors import ErrorKind
from majordomo.http import TransportError
from majordomo.http.proxies import Proxies


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_settings_there_is_none():
    assert Proxies().find("https", "vendor.example", 443) is None


def test_each_scheme_has_its_own_and_the_general_one_fills_in(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://one:1")
    monkeypatch.setenv("ALL_PROXY", "two:2")
    proxies = Proxies()
    assert proxies.find("https", "vendor.example", 443) == "http://one:1"
    assert proxies.find("http", "vendor.example", 80) == "http://two:2"


@pytest.mark.parametrize(
    ("excluded", "host", "direct"),
    [
        ("vendor.example", "vendor.example", True),
        ("vendor.example", "api.vendor.example", True),
        ("vendor.example", "othervendor.example", False),
        ("vendor.example:8080", "vendor.example", True),
        ("vendor.example:9090", "vendor.example", False),
        ("*", "vendor.example", True),
        ("", "vendor.example", False),
    ],
)
def test_hosts_can_be_excluded(excluded, host, direct, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://one:1")
    monkeypatch.setenv("NO_PROXY", excluded)
    assert (Proxies().find("http", host, 8080) is None) is direct


def test_a_proxy_that_speaks_no_http_is_refused_without_its_password(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://user:secret@one:1")
    with pytest.raises(TransportError, match="'socks5'") as caught:
        Proxies().find("https", "vendor.example", 443)
    assert (caught.value.code, caught.value.kind) == ("proxy_failed", ErrorKind.PERMANENT)
    assert "secret" not in str(caught.value)
