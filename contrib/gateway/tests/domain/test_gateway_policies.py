"""Which rule decides, as a table."""

import pytest
from executus_gateway.domain import decide
from executus_gateway.schema import LOCAL_WORKSPACE, PolicyRule

PATH = "github.issues.delete"


def rules(*rows):
    return [
        PolicyRule(
            id=f"pol_{number}",
            workspace=LOCAL_WORKSPACE,
            pattern=pattern,
            action=action,
            scope="organisation" if action.isupper() else "workspace",
            created_ms=number,
        )
        if not action.isupper()
        else PolicyRule(
            id=f"pol_{number}",
            workspace=LOCAL_WORKSPACE,
            pattern=pattern,
            action=action.lower(),
            scope="organisation",
            created_ms=number,
        )
        for number, (pattern, action) in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("rows", "effect", "action"),
    [
        ([], "read", "allow"),
        ([], "write", "ask"),
        ([], "destructive", "ask"),
        ([("*", "deny")], "read", "deny"),
        ([("*", "deny"), ("github.*", "allow")], "write", "allow"),
        ([("github.*", "allow"), ("*", "deny")], "write", "allow"),
        ([("github.*", "allow"), ("github.issues.*", "ask")], "read", "ask"),
        ([("github.*", "allow"), ("*.delete", "deny")], "write", "allow"),
        ([("github.*", "allow"), ("github.*.delete", "deny")], "write", "deny"),
        ([("github.*", "allow"), ("github.*", "deny")], "write", "deny"),
        ([("github.*", "DENY"), (PATH, "allow")], "write", "deny"),
        ([("github.*", "ALLOW"), (PATH, "deny")], "write", "deny"),
        ([("gitlab.*", "deny")], "read", "allow"),
        ([("github.issues.del", "deny")], "read", "allow"),
    ],
)
def test_the_most_specific_rule_decides_but_an_organisations_no_stays(rows, effect, action):
    assert decide(rules(*rows), PATH, effect).action == action


def test_a_decision_says_why_and_names_the_beaten_rules():
    decision = decide(rules(("*", "deny"), ("github.*", "allow")), PATH, "write")
    assert (decision.rule, decision.beaten) == ("pol_1", ("pol_0",))
    assert "'github.*' says allow" in decision.because
