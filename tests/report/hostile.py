"""Records that cannot be: how an honest one is changed, and what is to be answered."""

import json

TASK = "camuto2021_variance_frequency"

PARTS = ("seeds", "values", "stderrs", "counts")
"""What a column has one of for each seed."""


def columns(data, name, arm="trained"):
    return [column for column in data["measurements"] if (column["name"], column["arm"]) == (name, arm)]


def drop(data, *wanted, arm="trained"):
    data["measurements"] = [
        c for c in data["measurements"] if not (c["arm"] == arm and (not wanted or c["name"] in wanted))
    ]


def at(*path):
    """Put a value in one place of a record."""

    def put(value):
        def change(data):
            part = data
            for step in path[:-1]:
                part = part[step]
            part[path[-1]] = value

        return change

    return put


def rename(name, code="1" * 16):
    return lambda data: data["subject"]["variant"].update(name=name, code_hash=code)


def lost_seed(data):
    """Cut the last seed everywhere, and judge anew, as somebody would who did not like it."""
    data["cells"].pop()
    data |= {"verdicts": [], "control_verdicts": [], "invariant_verdicts": [], "agreement": None}
    for column in data["measurements"]:
        for part in PARTS:
            column[part].pop()


def picked_seeds(data):
    """Number the cells 1, 2, 3."""
    for cell in data["cells"]:
        cell["seed"] += 1
    for column in data["measurements"]:
        column["seeds"] = [seed + 1 for seed in column["seeds"]]


def copied_seeds(data):
    for column in data["measurements"]:
        if column["arm"] == "trained":
            column["values"] = [column["values"][0]] * len(column["values"])


def one_seed_twice(data):
    for column in data["measurements"]:
        column["values"][2] = column["values"][0]


def judged_values_alike(data):
    for column in columns(data, "attack_damage"):
        column["values"] = [column["values"][0]] * 3


def exact_arm_edited(data):
    for column in columns(data, "decoder_mean_degree", "analytic"):
        column["values"] = [value * 1.01 for value in column["values"]]


def knob_moved(data):
    for column in data["measurements"]:
        column["knob"] = 0.07 if column["knob"] == 0.1 else column["knob"]


def all_hold(data):
    for verdict in data["verdicts"] + data["control_verdicts"]:
        verdict["word"] = "holds"


def weakened(data):
    data["claims"][0]["conditions"] = data["claims"][0]["conditions"][:1]


def says(verdict):
    return lambda data: data["verdicts"][0].update(verdict)


def written_with(*replacements):
    """Change the text itself, where JSON has more to say than Python."""

    def change(data):
        text = json.dumps(data)
        for before, after in replacements:
            assert before in text
            text = text.replace(before, after, 1)
        return text

    return change


def many(key, entry, count=100_000):
    return lambda data: json.dumps(data | {key: None}).replace(
        f'"{key}": null', f'"{key}": [{",".join([json.dumps(entry)] * count)}]'
    )


COLUMN = {"arm": "trained", "knob": None, "name": "x", "unit": "1", "better": "neither"}
COLUMN |= {"seeds": [0], "values": [0.5], "stderrs": [0.0], "counts": [1]}
ROW = {"id": "0" * 16, "seed": 0, "status": "ok", "reason": "", "seconds": {}}

CORPUS = [
    # The file itself.
    ("a missing schema", lambda d: d.pop("schema_version"), r"schema_version: Field required"),
    ("schema true", at("schema_version")(True), r"of schema True; this suite reads schema 1 and 2"),
    ("schema 1.0", at("schema_version")(1.0), r"of schema 1\.0; this suite"),
    ("schema 2.0", at("schema_version")(2.0), r"of schema 2\.0; this suite"),
    ("schema 3", at("schema_version")(3), r"of schema 3; this suite"),
    (
        "a key twice",
        written_with(('"suite_version"', '"suite_version": "9", "suite_version"')),
        "suite_version: there twice",
    ),
    ("a key twice, deep", written_with(('"arch":', '"arch": "conv", "arch":')), "arch: there twice"),
    (
        "a key twice, beside a text with braces and colons",
        written_with(('"reason": ""', '"reason": "{\\": [1, 2]}"'), ('"arch":', '"arch": "conv", "arch":')),
        "arch: there twice",
    ),
    (
        "a list of numbers twice",
        written_with(('"values": [', '"values": [0.5], "values": [')),
        "values: there twice",
    ),
    (
        "measurements twice",
        written_with(('"measurements"', '"measurements": [], "measurements"')),
        "measurements: there twice",
    ),
    ("a NUL in a text", at("cells", 0, "reason")("a\0b"), "reason: a text with a NUL"),
    ("a NUL in a unit", at("measurements", 0, "unit")("\0"), "unit: a text with a NUL"),
    ("NaN", written_with(('"parameters": 151000', '"parameters": NaN')), r"parameters: "),
    ("100,000 measurements", many("measurements", COLUMN), r"times '\{', where a record has"),
    ("100,000 cells", many("cells", ROW), r"times '\{', where"),
    ("100,000 invariants", many("invariants", {"id": "x"}), r"times '\{', where"),
    ("a million numbers", at("measurements", 0, "values")([0.5] * 1_000_000), r"times ',', where"),
    ("60,000 empty lists", at("cells", 0, "seconds")([[]] * 60_000), r"times '\[', where"),
    (
        "4,001 measurements",
        many("measurements", COLUMN | {part: [] for part in PARTS}, 4_001),
        r"measurements: Tuple should have at most 4000",
    ),
    ("101 cells", many("cells", ROW, 101), r"cells: Tuple should have at most 100"),
    # Numbers that count something.
    ("no cell", lambda d: d.update(cells=[], measurements=[]), r"cells: Tuple should have at least 1"),
    ("no environment", at("environments")([]), r"environments: Tuple should have at least 1"),
    ("a negative count", at("measurements", 0, "counts", 0)(-3), r"measurements\.0: .*count below 0"),
    ("half a count", at("measurements", 0, "counts", 0)(0.5), r"measurements\.0\.counts\.0"),
    ("a count for no seed", lambda d: d["measurements"][0]["counts"].append(1), r"measurements\.0: .*for 3 seeds"),
    ("negative threads", at("environments", 0, "threads")(-(10**18)), r"environments\.0\.threads"),
    ("negative parameters", at("parameters")(-1), r"parameters"),
    ("negative weight of the KL", at("subject", "variant", "kl_weight")(-1e308), r"subject\.variant\.kl_weight"),
    ("weight of the KL 0", at("subject", "variant", "kl_weight")(0.0), r"subject\.variant\.kl_weight"),
    (
        "an interval over -5 seeds",
        at("verdicts", 0, "checks", 0, "interval", "n")(-5),
        r"verdicts: an interval over -5 seeds",
    ),
    ("an agreement over 99 seeds", at("agreement", "n")(99), r"agreement: over 99 seeds, where there are 3"),
    ("a knob beyond all", at("measurements", 1, "knob")(1e300), r"measurements\.1: .*beyond"),
    (
        "a number of 4,000 digits",
        written_with(('"version": 2', f'"version": 1{"0" * 4000}')),
        r"subject\.task\.version",
    ),
    ("a text for a release", at("suite_version")(""), r"suite_version: String should match"),
    # Cells and seeds.
    ("a seed twice", lambda d: d["cells"].append(d["cells"][0]), r"cells: seed 0 has more than one cell"),
    ("seeds out of order", lambda d: d["cells"].reverse(), r"cells: their seeds do not rise"),
    (
        "a column's seeds out of order",
        lambda d: [d["measurements"][0][k].reverse() for k in PARTS],
        r"energy: its seeds do not rise",
    ),
    (
        "one id for all cells",
        lambda d: [cell.update(id="0" * 16) for cell in d["cells"]],
        r"cells: two of them have one id",
    ),
    ("picked seeds", picked_seeds, r"cells: its seeds are 1, 2, 3, not 0, 1, 2"),
    ("a seed cut away", lost_seed, r"cells: 2 seeds, where the standard preset has 3"),
    ("all seeds alike", copied_seeds, r"measurements: .* is equal to the last digit in all seeds"),
    (
        "a judged measurement alike in all seeds",
        judged_values_alike,
        r"measurements: attack_damage is equal to the last digit",
    ),
    ("a seed twice under two numbers", one_seed_twice, r"measurements: seed 2 is equal to seed 0 to the last digit"),
    # Names.
    (
        "no such network",
        at("subject", "arch")("quantum"),
        None,
        "my_vae.quantum.digits",
        r"subject\.arch: there is no architecture quantum",
    ),
    (
        "no such data",
        at("subject", "dataset", "name")("digits999"),
        None,
        "my_vae.mlp.digits999",
        r"subject\.dataset\.name: there is no data set digits999",
    ),
    (
        "size 0",
        at("subject", "dataset", "name")("digits0"),
        None,
        "my_vae.mlp.digits0",
        r"there is no data set digits0",
    ),
    (
        "the suite's name",
        rename("vae"),
        None,
        "vae.mlp.digits",
        r"subject\.variant: vae is one of the suite's own, and its code is c{16}, not 1{16}",
    ),
    (
        "the suite's code",
        rename("my_vae", "c" * 16),
        r"subject\.variant: its code c{16} is that of one of the suite's own",
    ),
    ("a later suite", at("suite_version")("99.0"), r"suite_version: 99\.0, and this is"),
    (
        "task version 99",
        at("subject", "task", "version")(99),
        r"subject\.task\.version: 99, and its page lists 1 \(2026-11-20\), 2",
    ),
    ("task version -1", at("subject", "task", "version")(-1), r"subject\.task\.version: Input should be greater"),
    (
        "an old version under the new hash",
        at("subject", "task", "version")(1),
        r"subject\.task\.version: 1, and its hash is that of 2",
    ),
    ("data version 99", at("subject", "dataset", "version")(99), r"subject\.dataset\.version: 99, and there is 1"),
    (
        "an odd measurement's name",
        at("measurements", 0, "name")("a____b"),
        r"measurements: .*a double underscore tells a map",
    ),
    ("a map's entry without a row", at("measurements", 0, "name")("a____"), r"measurements: .*a double"),
    (
        "an arm of its own",
        lambda d: d["measurements"].append(COLUMN | {"arm": "analytic_by_me"}),
        r"measurements: its task has no arm analytic_by_me",
    ),
    (
        "another file name",
        lambda d: None,
        None,
        "other_vae.mlp.digits",
        r"its subject's file name is my_vae\.mlp\.digits\.json",
    ),
    ("a name in capitals", lambda d: None, None, "My_vae.mlp.digits", r"its subject's file name is my_vae"),
    # What is left out, and what contradicts itself.
    ("no measurements", lambda d: d.update(measurements=[]), r"measurements: it has no \w+ of seed 0"),
    (
        "a judged measurement dropped",
        lambda d: drop(d, "attack_damage"),
        r"measurements: it has no attack_damage of seed 0",
    ),
    ("other knob values", knob_moved, r"measurements: its task's knob is never at 0\.07"),
    (
        "the control arm dropped",
        lambda d: drop(d, arm="analytic"),
        r"measurements: decoder_\w+ of the analytic arm is not there",
    ),
    (
        "a control's measurement dropped",
        lambda d: drop(d, "decoder_lipschitz_max", arm="analytic"),
        r"decoder_lipschitz_max of the analytic arm is not there",
    ),
    (
        "the exact arm edited",
        exact_arm_edited,
        r"measurements: decoder_mean_degree is .* in seed 0 of the analytic arm, where the closed form",
    ),
    ("claims weakened", weakened, r"claims: they are not those of its task"),
    ("no claims", lambda d: d.update(claims=[], verdicts=[], control_verdicts=[]), r"claims: they are not those"),
    ("all verdicts hold", all_hold, r"control_verdicts\.\d\.word: 'holds', and its measurements say '"),
    (
        "a verdict turned",
        says({"word": "fails"}),
        r"verdicts\.0\.word: 'fails', and its measurements say 'holds'",
    ),
    ("a script for a reason", says({"reason": "<script>alert(1)</script>"}), r"verdicts\.0\.reason: '<script>alert"),
    ("a verdict on nothing", says({"claim": "wins"}), r"verdicts: they are not one for each of its claims"),
    (
        "a control verdict on nothing",
        lambda d: d["control_verdicts"][0].update(arm="mine"),
        r"control_verdicts: one is of the claim",
    ),
    (
        "the agreement edited",
        at("agreement", "estimate")(0.999),
        r"agreement\.estimate: 0\.999, and",
    ),
    (
        "a claim's agreement edited",
        lambda d: d["verdicts"][0]["agreement"].__setitem__(0, 1.0),
        r"verdicts\.0\.agreement\.0: 1\.0, and",
    ),
    # Where it lies.
    (
        "another task's folder",
        lambda d: None,
        "alice/other_task/my_vae.mlp.digits.json",
        r"subject\.task\.name: .*, and its folder has another name",
    ),
    (
        "deeper",
        lambda d: None,
        f"alice/more/{TASK}/my_vae.mlp.digits.json",
        "does not lie in its task's folder right below",
    ),
    ("X.JSON", lambda d: None, f"alice/{TASK}/my_vae.mlp.digits.JSON", "its subject's file name is my_vae"),
    ("no sender", lambda d: None, "my_vae.mlp.digits.json", "it lies in no sender's folder"),
    (
        "a sender in capitals",
        lambda d: None,
        f"Alice/{TASK}/my_vae.mlp.digits.json",
        "a sender's name is small letters",
    ),
    (
        "a sender who is a path",
        lambda d: None,
        f"a b/{TASK}/my_vae.mlp.digits.json",
        "a sender's name is small letters",
    ),
]
"""Name, change, words of the answer; between them, where it matters, the file's place or its name in its folder."""
