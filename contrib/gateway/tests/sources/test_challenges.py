"""`WWW-Authenticate` in all the ways servers write it."""

import pytest
from executus_gateway.sources.challenges import Challenge, challenge_in, refusal_of

from executus.egress import EgressResponse


def answered(*values, status=401):
    headers = tuple(("www-authenticate", value) for value in values)
    return EgressResponse(status=status, headers=headers, body=b"", url="https://a/", address="")


@pytest.mark.parametrize(
    ("values", "challenge"),
    [
        ((), Challenge()),
        (("",), Challenge()),
        (("Bearer",), Challenge(scheme="bearer")),
        (
            (
                'Bearer realm="r", error="invalid_token", scope="a b", resource_metadata="https://m/"',
            ),
            Challenge(
                scheme="bearer",
                realm="r",
                error="invalid_token",
                scopes=("a", "b"),
                metadata="https://m/",
            ),
        ),
        (
            ("BEARER resource_metadata=https://m/x",),
            Challenge(scheme="bearer", metadata="https://m/x"),
        ),
        (('Basic realm="a, Bearer b"',), Challenge(scheme="basic", realm="a, Bearer b")),
        (('Basic realm="x", Bearer error=e',), Challenge(scheme="bearer", error="e")),
        (('Basic realm="x"', "Bearer scope=s"), Challenge(scheme="bearer", scopes=("s",))),
        ((r'Bearer realm="say \"hi\""',), Challenge(scheme="bearer", realm='say "hi"')),
        (('Negotiate, Bearer realm="r"',), Challenge(scheme="bearer", realm="r")),
        (("Bearer realm=a, realm=b",), Challenge(scheme="bearer", realm="a")),
        ((',,, = "',), Challenge()),
    ],
)
def test_the_challenge_for_a_token_is_found(values, challenge):
    assert challenge_in(*values) == challenge


@pytest.mark.parametrize(
    ("status", "value", "wants"),
    [
        (401, "", True),
        (403, "", False),
        (403, 'Bearer error="insufficient_scope"', True),
        (403, 'Bearer error="invalid_token"', False),
        (200, "Bearer", False),
    ],
)
def test_an_answer_wants_a_credential_or_one_that_may_more(status, value, wants):
    assert (refusal_of(answered(value, status=status)) is not None) is wants


def test_a_long_header_is_read_in_bounded_time():
    assert challenge_in("Bearer " + 'a="' * 100_000).scheme == "bearer"
