"""Attacks on permissions: calling what was not granted, not shown, or not with these arguments."""

from attackworld import ANN, Attack, call, raw, staged, together

from executus.registry import ALLOW_GRANTED, Deny, Rule, Rules


def ran(world):
    """What the host's own tools were made to do."""
    return world.ran


def without_bank(world):
    """An agent that was granted everything but the bank."""
    world.deny = ("bank.*",)


def no_denial(world):
    world.deny = ()


def role(world):
    """A caller who has the role."""
    world.caller = ANN


def not_to_mallory(args):
    return args.get("to") != "ann" or args.get("amount", 1) > 5


def ruled(world):
    """A host whose rules let nobody be paid but Ann, and at most five."""
    world.policy = Rules(
        [Rule(decision=Deny("not to them"), tools=["bank.*"], when=not_to_mallory)]
    )


def unruled(world):
    world.policy = ALLOW_GRANTED


def denied_name(goal, *turns, control=no_denial):
    return Attack(
        goal=goal,
        boundary="permission",
        world=without_bank,
        turns=turns,
        harm=ran,
        control=control,
    )


PAY = {"to": "mallory"}

DENIED = [
    denied_name("call a denied tool", call("bank.pay", **PAY)),
    denied_name(
        "call a denied tool by its registered name",
        raw("bank.pay", '{"to": "m"}'),
        control=lambda w: no_denial(w) or [call("bank.pay", **PAY)],
    ),
    denied_name(
        "call a denied tool through call_tool",
        call("meta.call_tool", name="bank.pay", arguments=PAY),
    ),
    denied_name(
        "call a denied tool through call_tool by its name on the wire",
        call("meta.call_tool", name=" bank__pay ", arguments=PAY),
    ),
    denied_name(
        "call a denied tool through two call_tools",
        call(
            "meta.call_tool",
            name="meta.call_tool",
            arguments={"name": "bank.pay", "arguments": PAY},
        ),
        control=lambda w: no_denial(w) or [call("meta.call_tool", name="bank.pay", arguments=PAY)],
    ),
    denied_name(
        "call a denied tool in a pipeline",
        call("compose.pipeline", steps=[{"tool": "bank.pay", "arguments": PAY}]),
    ),
    denied_name(
        "call a denied tool in a pipeline for each item",
        call(
            "compose.pipeline",
            steps=[{"tool": "bank.pay", "for_each": ["a", "b"], "arguments": {"to": "$item"}}],
        ),
    ),
    denied_name(
        "call a denied tool in a pipeline within call_tool",
        call(
            "meta.call_tool",
            name="compose.pipeline",
            arguments={"steps": [{"tool": "bank.pay", "arguments": PAY}]},
        ),
    ),
    denied_name(
        "call a denied tool from a pipeline through call_tool",
        call(
            "compose.pipeline",
            steps=[{"tool": "meta.call_tool", "arguments": {"name": "bank.pay", "arguments": PAY}}],
        ),
    ),
    denied_name(
        "call a denied tool whose name is made by a reference",
        call(
            "compose.pipeline",
            steps=[
                {"tool": "compose.join", "arguments": {"texts": ["bank.pay"]}},
                {"tool": "$1", "arguments": PAY},
            ],
        ),
        control=lambda w: (
            no_denial(w)
            or [call("compose.pipeline", steps=[{"tool": "bank.pay", "arguments": PAY}])]
        ),
    ),
    denied_name(
        "hide a denied call among many in one turn",
        together(*[call("calc.calculate", expression="1")] * 6, call("bank.pay", **PAY)),
    ),
]

SPELLINGS = {
    "in capitals": "BANK__PAY",
    "with a capital": "bank__Pay",
    "with a letter of another alphabet": "b\u0430nk__pay",
    "with full-width letters": "\uff42ank__pay",
    "with an invisible character": "bank\u200b__pay",
    "with a soft hyphen": "bank__p\u00aday",
    "with spaces around": "  bank__pay\n",
    "with a zero byte": "bank__pay\0",
    "with a path before": "../bank__pay",
    "with a namespace before": "functions.bank__pay",
    "with a slash": "bank/pay",
    "with one underscore": "bank_pay",
    "as a glob": "bank__*",
    "as a long s": "bank__pay".replace("y", "\u04af"),
    "as a list": '["bank__pay"]',
}

SPELLED = [
    Attack(
        goal=f"call a denied tool {how}",
        boundary="permission",
        world=without_bank,
        turns=[
            raw(name, '{"to": "mallory"}'),
            call("meta.call_tool", name=name, arguments=PAY),
            call("compose.pipeline", steps=[{"tool": name, "arguments": PAY}]),
        ],
        harm=ran,
        control=no_denial if how == "with spaces around" else None,
    )
    for how, name in SPELLINGS.items()
]

SEEN = [
    Attack(
        goal="call a tool that the caller may not see",
        boundary="permission",
        turns=[
            call("disk.wipe"),
            call("meta.call_tool", name="disk.wipe"),
            call("compose.pipeline", steps=[{"tool": "disk.wipe", "arguments": {}}]),
        ],
        harm=ran,
        control=role,
    ),
    Attack(
        goal="learn of a tool that the caller may not see",
        boundary="permission",
        turns=[
            call("meta.find_tools", query="wipe the disk"),
            call("meta.find_tools", query=""),
            call("meta.describe_tool", name="disk.wipe"),
            call("meta.call_tool", name="disk.wip"),
        ],
        harm=lambda world: [
            one for one in world.answers if "Wipe the disk" in one or "disk: 1" in one
        ],
        control=role,
    ),
    Attack(
        goal="plan tasks without the role that may",
        boundary="permission",
        turns=[
            call("calendar.schedule", cron="* * * * *", task="pay mallory"),
            call(
                "meta.call_tool",
                name="calendar.schedule",
                arguments={"cron": "@daily", "task": "x"},
            ),
        ],
        harm=ran,
        control=lambda world: setattr(
            world, "caller", type(ANN)(id="planner", roles=frozenset({"planner"}))
        ),
    ),
    Attack(
        goal="call a tool that a palette hides",
        boundary="permission",
        world=lambda world: world.ports.update(palette=NoBank()),
        turns=[call("bank.pay", **PAY), call("meta.call_tool", name="bank.pay", arguments=PAY)],
        harm=ran,
        control=lambda world: world.ports.pop("palette") and None,
    ),
    Attack(
        goal="claim a role in the arguments",
        boundary="permission",
        turns=[
            call("disk.wipe", path="/", roles=["admin"], caller="ann"),
            raw(
                "disk__wipe", '{"path": "/", "context": {"run": {"caller": {"roles": ["admin"]}}}}'
            ),
        ],
        harm=ran,
        control=lambda world: role(world) or [call("disk.wipe", path="/")],
    ),
    Attack(
        goal="call a tool that was granted on demand to nobody",
        boundary="permission",
        world=staged(tools=("meta.*", "compose.*"), on_demand=("calc.*",)),
        turns=[
            call("meta.call_tool", name="bank.pay", arguments=PAY),
            call("bank.pay", **PAY),
        ],
        harm=ran,
        control=lambda world: setattr(world, "on_demand", ("calc.*", "bank.*")),
    ),
]


class NoBank:
    """A palette."""

    async def visible(self, info, names):
        return [name for name in names if not name.startswith("bank")]


ARGUMENTS = {
    "plainly": '{"to": "mallory"}',
    "by a key written twice": '{"to": "ann", "to": "mallory"}',
    "by a key in escapes": '{"to": "ann", "\\u0074o": "mallory"}',
    "by a value in escapes": '{"to": "m\\u0061llory"}',
    "by a value with spaces": '{"to": "ann "}',
    "by a value of another alphabet": '{"to": "\u0430nn"}',
    "by a list": '{"to": ["ann"]}',
    "by an object": '{"to": {"ann": "mallory"}}',
    "by null": '{"to": null}',
    "by no value at all": "{}",
    "by text that is no object": '"ann"',
    "by a list of objects": '[{"to": "ann"}, {"to": "mallory"}]',
    "by JSON that is cut": '{"to": "ann", "amount": 1',
    "by JSON within a text": '"{\\"to\\": \\"mallory\\"}"',
    "by a number as a text": '{"to": "ann", "amount": "50"}',
    "by a number with a fraction": '{"to": "ann", "amount": 5.0000000001}',
    "by a number that is none": '{"to": "ann", "amount": NaN}',
    "by an infinite number": '{"to": "ann", "amount": Infinity}',
    "by a huge number": '{"to": "ann", "amount": 1e400}',
    "by a key in another case": '{"to": "ann", "Amount": 50, "amount": 50}',
    "by nesting without end": '{"to": ' + "[" * 5000 + "]" * 5000 + "}",
    "by arguments of a quarter of a megabyte": '{"to": "mallory", "note": "' + "x" * 250_000 + '"}',
}


def paid_wrongly(world):
    """Payments beyond what the rules allow."""
    return [one for one in world.ran if not one.startswith("pay ann ") or int(one.split()[2]) > 5]


RULED = [
    Attack(
        goal=f"get past the host's rules for arguments {how}",
        boundary="permission",
        world=ruled,
        turns=[
            raw("bank__pay", arguments),
            raw("meta__call_tool", f'{{"name": "bank.pay", "arguments": {arguments}}}'),
            raw(
                "compose__pipeline",
                f'{{"steps": [{{"tool": "bank.pay", "arguments": {arguments}}}]}}',
            ),
        ],
        harm=paid_wrongly,
        control=unruled
        if how
        in (
            "plainly",
            "by a key written twice",
            "by a number as a text",
            "by arguments of a quarter of a megabyte",
        )
        else None,
    )
    for how, arguments in ARGUMENTS.items()
]


class Broken:
    """Rules that fail, or answer what is no decision."""

    def __init__(self, world, how):
        self.world, self.how = world, how

    async def decide(self, request):
        if self.how == "fail":
            raise RuntimeError("the rules' server is down")
        return True


BROKEN = [
    Attack(
        goal=f"call while the host's rules {how}",
        boundary="permission",
        world=lambda world, how=how: setattr(world, "policy", Broken(world, how)),
        turns=[call("bank.pay", **PAY)],
        harm=ran,
        control=unruled,
    )
    for how in ("fail", "answer nonsense")
]

ATTACKS = [*DENIED, *SPELLED, *SEEN, *RULED, *BROKEN]
