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
    data |= {"verdicts": [], "control_verdicts": [], "invariant_verdicts": []}
    data |= {"agreement": None, "agreement_published": None}
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
        verdict["controlled"]["word"] = "holds"


def weakened(data):
    data["claims"][0]["conditions"] = data["claims"][0]["conditions"][:1]


def says(verdict):
    return lambda data: data["verdicts"][0].update(verdict)


def says_under_controls(level):
    return lambda data: data["verdicts"][0]["controlled"].update(level)


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
    ("a missing schema", lambda d: d.pop("schema_version"), r"schema_version: "),
    ("schema true", at("schema_version")(True), r"\bTrue\b"),
    ("schema 1.0", at("schema_version")(1.0), r"\b1\.0\b"),
    ("schema 2.0", at("schema_version")(2.0), r"\b2\.0\b"),
    ("schema 3", at("schema_version")(3), r"\b3\b"),
    (
        "a key twice",
        written_with(('"suite_version"', '"suite_version": "9", "suite_version"')),
        "suite_version: ",
    ),
    ("a key twice, once before a space", written_with(('"arch":', '"arch" \n\t: "conv", "arch":')), "arch: "),
    ("a key twice, deep", written_with(('"arch":', '"arch": "conv", "arch":')), "arch: "),
    (
        "a key twice, beside a text with braces and colons",
        written_with(('"reason": ""', '"reason": "{\\": [1, 2]}"'), ('"arch":', '"arch": "conv", "arch":')),
        "arch: ",
    ),
    (
        "a list of numbers twice",
        written_with(('"values": [', '"values": [0.5], "values": [')),
        "values: ",
    ),
    (
        "measurements twice",
        written_with(('"measurements"', '"measurements": [], "measurements"')),
        "measurements: ",
    ),
    ("a NUL in a text", at("cells", 0, "reason")("a\0b"), "reason: .*NUL"),
    ("a NUL in a unit", at("measurements", 0, "unit")("\0"), "unit: .*NUL"),
    ("NaN", written_with(('"parameters": 151000', '"parameters": NaN')), r"parameters: "),
    ("100,000 measurements", many("measurements", COLUMN), r"'\{'"),
    ("100,000 cells", many("cells", ROW), r"'\{'"),
    ("100,000 invariants", many("invariants", {"id": "x"}), r"'\{'"),
    ("a million numbers", at("measurements", 0, "values")([0.5] * 1_000_000), r"','"),
    ("60,000 empty lists", at("cells", 0, "seconds")([[]] * 60_000), r"'\['"),
    (
        "4,001 measurements",
        many("measurements", COLUMN | {part: [] for part in PARTS}, 4_001),
        r"measurements: .*\b4000\b",
    ),
    ("101 cells", many("cells", ROW, 101), r"cells: .*\b100\b"),
    # Numbers that count something.
    ("no cell", lambda d: d.update(cells=[], measurements=[]), r"cells: .*\b1\b"),
    ("no environment", at("environments")([]), r"environments: .*\b1\b"),
    ("a negative count", at("measurements", 0, "counts", 0)(-3), r"measurements\.0: .*count"),
    ("half a count", at("measurements", 0, "counts", 0)(0.5), r"measurements\.0\.counts\.0"),
    ("a count for no seed", lambda d: d["measurements"][0]["counts"].append(1), r"measurements\.0: .*\b3\b"),
    ("negative threads", at("environments", 0, "threads")(-(10**18)), r"environments\.0\.threads"),
    ("negative parameters", at("parameters")(-1), r"parameters"),
    ("negative weight of the KL", at("subject", "variant", "kl_weight")(-1e308), r"subject\.variant\.kl_weight"),
    ("weight of the KL 0", at("subject", "variant", "kl_weight")(0.0), r"subject\.variant\.kl_weight"),
    (
        "an interval over -5 seeds",
        at("verdicts", 0, "checks", 0, "interval", "n")(-5),
        r"verdicts: .*-5\b",
    ),
    ("an agreement over 99 seeds", at("agreement", "n")(99), r"agreement: .*\b99\b.*\b3\b"),
    ("a knob beyond all", at("measurements", 1, "knob")(1e300), r"measurements\.1: "),
    (
        "a number of 4,000 digits",
        written_with(('"version": 2', f'"version": 1{"0" * 4000}')),
        r"subject\.task\.version",
    ),
    ("a text for a release", at("suite_version")(""), r"suite_version: "),
    # Cells and seeds.
    ("a seed twice", lambda d: d["cells"].append(d["cells"][0]), r"cells: .*\bseed 0\b"),
    ("seeds out of order", lambda d: d["cells"].reverse(), r"cells: .*\bseeds\b"),
    (
        "a column's seeds out of order",
        lambda d: [d["measurements"][0][k].reverse() for k in PARTS],
        r"energy: .*\bseeds\b",
    ),
    (
        "one id for all cells",
        lambda d: [cell.update(id="0" * 16) for cell in d["cells"]],
        r"cells: .*\bid\b",
    ),
    ("picked seeds", picked_seeds, r"cells: .*\b1, 2, 3\b"),
    ("a seed cut away", lost_seed, r"cells: .*\b2\b.*\bstandard\b.*\b3\b"),
    ("all seeds alike", copied_seeds, r"measurements: \w+ "),
    (
        "a judged measurement alike in all seeds",
        judged_values_alike,
        r"measurements: attack_damage ",
    ),
    ("a seed twice under two numbers", one_seed_twice, r"measurements: seed 2 .*\bseed 0\b"),
    # Names.
    (
        "no such network",
        at("subject", "arch")("quantum"),
        None,
        "my_vae.quantum.digits",
        r"subject\.arch: .*\bquantum\b",
    ),
    (
        "no such data",
        at("subject", "dataset", "name")("digits999"),
        None,
        "my_vae.mlp.digits999",
        r"subject\.dataset\.name: .*\bdigits999\b",
    ),
    (
        "size 0",
        at("subject", "dataset", "name")("digits0"),
        None,
        "my_vae.mlp.digits0",
        r"subject\.dataset\.name: .*\bdigits0\b",
    ),
    (
        "the suite's name",
        rename("vae"),
        None,
        "vae.mlp.digits",
        r"subject\.variant: vae .*\bc{16}\b.*\b1{16}\b",
    ),
    (
        "the suite's code",
        rename("my_vae", "c" * 16),
        r"subject\.variant: .*\bc{16}\b.*\bmy_vae\b",
    ),
    ("a later suite", at("suite_version")("99.0"), r"suite_version: 99\.0\b"),
    (
        "task version 99",
        at("subject", "task", "version")(99),
        r"subject\.task\.version: 99\b.*\b1 \(2026-11-20\), 2\b",
    ),
    ("task version -1", at("subject", "task", "version")(-1), r"subject\.task\.version: "),
    (
        "an old version under the new hash",
        at("subject", "task", "version")(1),
        r"subject\.task\.version: 1\b.*\b2\b",
    ),
    ("data version 99", at("subject", "dataset", "version")(99), r"subject\.dataset\.version: 99\b.*\b1\b"),
    (
        "an odd measurement's name",
        at("measurements", 0, "name")("a____b"),
        r"measurements: ",
    ),
    ("a map's entry without a row", at("measurements", 0, "name")("a____"), r"measurements: "),
    (
        "an arm of its own",
        lambda d: d["measurements"].append(COLUMN | {"arm": "analytic_by_me"}),
        r"measurements: .*\banalytic_by_me\b",
    ),
    (
        "another file name",
        lambda d: None,
        None,
        "other_vae.mlp.digits",
        r"\bmy_vae\.mlp\.digits\.json\b",
    ),
    ("a name in capitals", lambda d: None, None, "My_vae.mlp.digits", r"\bmy_vae\b"),
    # What is left out, and what contradicts itself.
    ("no measurements", lambda d: d.update(measurements=[]), r"measurements: .*\bseed 0\b"),
    (
        "a judged measurement dropped",
        lambda d: drop(d, "attack_damage"),
        r"measurements: .*\battack_damage\b.*\bseed 0\b",
    ),
    ("other knob values", knob_moved, r"measurements: .*\b0\.07\b"),
    (
        "the control arm dropped",
        lambda d: drop(d, arm="analytic"),
        r"measurements: decoder_\w+ .*\banalytic\b",
    ),
    (
        "a control's measurement dropped",
        lambda d: drop(d, "decoder_lipschitz_max", arm="analytic"),
        r"measurements: decoder_lipschitz_max .*\banalytic\b",
    ),
    (
        "the exact arm edited",
        exact_arm_edited,
        r"measurements: decoder_mean_degree .*\bseed 0\b.*\banalytic\b",
    ),
    ("claims weakened", weakened, r"^\S+my_vae.*: claims: "),
    ("no claims", lambda d: d.update(claims=[], verdicts=[], control_verdicts=[]), r"^\S+my_vae.*: claims: "),
    ("all verdicts hold", all_hold, r"control_verdicts\.\d\.controlled\.word: 'holds'"),
    (
        "a verdict turned",
        says_under_controls({"word": "fails"}),
        r"verdicts\.0\.controlled\.word: 'fails'.*'holds'",
    ),
    (
        "a script for a reason",
        says_under_controls({"reason": "<script>alert(1)</script>"}),
        r"verdicts\.0\.controlled\.reason: '<script>alert",
    ),
    (
        "a replication that is none",
        lambda data: data["verdicts"][0]["published"].update(word="fails"),
        r"verdicts\.0\.published\.word: 'fails'.*'holds'",
    ),
    (
        "an agreement as published edited",
        at("agreement_published", "estimate")(0.999),
        r"agreement_published\.estimate: 0\.999\b",
    ),
    ("a verdict on nothing", says({"claim": "wins"}), r"\bverdicts: "),
    (
        "a control verdict on nothing",
        lambda d: d["control_verdicts"][0].update(arm="mine"),
        r"control_verdicts: .*\bmine\b",
    ),
    (
        "the agreement edited",
        at("agreement", "estimate")(0.999),
        r"agreement\.estimate: 0\.999\b",
    ),
    (
        "a claim's agreement edited",
        lambda d: d["verdicts"][0]["controlled"]["agreement"].__setitem__(0, 1.0),
        r"verdicts\.0\.controlled\.agreement\.0: 1\.0\b",
    ),
    # Where it lies.
    (
        "another task's folder",
        lambda d: None,
        "alice/other_task/my_vae.mlp.digits.json",
        r"subject\.task\.name: ",
    ),
    (
        "deeper",
        lambda d: None,
        f"alice/more/{TASK}/my_vae.mlp.digits.json",
        "folder",
    ),
    ("X.JSON", lambda d: None, f"alice/{TASK}/my_vae.mlp.digits.JSON", r"\bmy_vae\.mlp\.digits\.json\b"),
    ("no sender", lambda d: None, "my_vae.mlp.digits.json", "sender"),
    (
        "a sender in capitals",
        lambda d: None,
        f"Alice/{TASK}/my_vae.mlp.digits.json",
        "sender",
    ),
    (
        "a sender who is a path",
        lambda d: None,
        f"a b/{TASK}/my_vae.mlp.digits.json",
        "sender",
    ),
]
"""Name, change, a pattern of the answer: the field, with names and numbers. The file's path or name may come before."""
