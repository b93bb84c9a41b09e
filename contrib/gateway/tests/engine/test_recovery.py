"""The code in what a model sent."""

import pytest
from executus_gateway.engine import recovered


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("return 1", "return 1"),
        ("  x = 1\n  return x", "x = 1\nreturn x"),
        ("```\nreturn 1\n```", "return 1"),
        ("```python\nreturn 1\n```", "return 1"),
        ("Sure!\n\n```py\nreturn 1\n```\nThat is it.", "return 1"),
        ("```python\nreturn 1", "return 1"),
        ("~~~python\nreturn 1\n~~~", "return 1"),
        ("```json\n{}\n```\n```python\na = 1\n```\n```python\nreturn a\n```", "a = 1\nreturn a"),
        (
            "x = '''\n```\nnot code\n```\n'''\nreturn x",
            "x = '''\n```\nnot code\n```\n'''\nreturn x",
        ),
        ("\ufeffreturn 1\r\n", "return 1"),
    ],
)
def test_fences_and_prose_are_left_out(text, code):
    assert recovered(text) == code
