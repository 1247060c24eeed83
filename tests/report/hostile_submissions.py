"""Hostile and broken submissions beyond what one record's text can be: each with how it is made and what is answered.

A case is a name, what is done, a part of the file's name that has to be named, and a pattern of the answer that has the
field. ``data`` cases change the record as JSON before it is written; ``folder`` cases change the folder afterwards.
"""

import json
import os

from report.honest import list_files

from vaebench.results.store import MANIFEST

TASK = "camuto2021_variance_frequency"
FILE = f"{TASK}/my_vae.mlp.digits.json"


def trained(data, name):
    return [column for column in data["measurements"] if column["arm"] == "trained" and column["name"] == name]


def put(*path, value):
    """Put a value in one place of the record."""

    def change(data, _):
        part = data
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value

    return change


def measured(name, value, base="energy", **more):
    """Add a measurement that the task does not ask for, or change all values of one that it does."""

    def change(data, _):
        found = trained(data, name)
        for column in found:
            column["values"] = [value + 1e-3 * seed for seed in column["seeds"]]
        if not found:
            column = dict(trained(data, base)[0])
            column |= {"name": name, "values": [value + 1e-3 * seed for seed in column["seeds"]]} | more
            data["measurements"].append(column)

    return change


def scaled(part, factor):
    """Multiply every trained number, so that the spread over seeds shrinks around the mean."""

    def change(data, _):
        for column in data["measurements"]:
            if column["arm"] == "trained":
                mean = sum(column["values"]) / len(column["values"])
                column[part] = [mean * (1 + factor * (value / mean - 1)) for value in column[part]]

    return change


def copied_from(of, jitter=0.0, seeds=(0, 1, 2)):
    """Put another record's trained numbers in place of one's own, with the seeds in another order."""

    def change(data, world):
        other = of(world)
        theirs = {column.place: column for column in other.measurements}
        for column in data["measurements"]:
            source = theirs.get((column["arm"], column["knob"], column["name"]))
            if column["arm"] == "trained" and source is not None:
                column["values"] = [
                    source.values[seed] * (1 + jitter * (-1) ** n) for n, seed in enumerate(seeds[: len(source.values)])
                ]

    return change


def times_of(of):
    def change(data, world):
        for cell, other in zip(data["cells"], of(world).cells, strict=True):
            cell["seconds"] = dict(other.seconds)

    return change


def reference(world):
    return world.references[0]


def bobs(world):
    return world.bob


def old_code(data, _):
    data["environments"][0]["code"]["kernels"] = "0" * 16


def no_code(data, _):
    del data["environments"][0]["code"]["training"]


def no_environment(data, _):
    for cell in data["cells"]:
        cell["environment"] = None


def undated(data, _):
    data["cells"][1]["date"] = None


def edited_invariant(data, _):
    data["invariant_verdicts"][0]["controlled"]["word"] = "fails"


RECORDS = [
    # Numbers that cannot be.
    ("a share above 1", measured("decoder_high_frequency_share", 1.7), r"decoder_high_frequency_share .*0 to 1"),
    ("a share below 0", measured("decoder_high_frequency_share", -0.2), r"decoder_high_frequency_share .*0 to 1"),
    ("a negative Lipschitz constant", measured("decoder_lipschitz_mean", -3.0), r"decoder_lipschitz_mean .*0 to inf"),
    ("a largest below the mean", measured("decoder_lipschitz_max", 0.01), r"decoder_lipschitz_max .*_mean is"),
    ("outliers five times over", measured("classifier_beyond_95_prior", 5.0), r"classifier_beyond_95_prior .*0 to 1"),
    ("an R² above 1", measured("density_r2", 1.2), r"density_r2 .*-inf to 1"),
    ("a rank correlation of -3", measured("potential_spearman", -3.0), r"potential_spearman .*-1 to 1"),
    ("a negative error", measured("unexplained_variance", -1.0), r"unexplained_variance .*0 to inf"),
    ("an accuracy of 120 %", measured("classifier_accuracy", 1.2), r"classifier_accuracy .*0 to 1"),
    ("a coverage of 2", measured("coverage_prior", 2.0), r"coverage_prior .*0 to 1"),
    ("negative damage", measured("damage_small", -0.5), r"damage_small .*0 to inf"),
    # Numbers that an honest run hardly gives.
    ("seeds a millionth apart", scaled("values", 1e-6), r"measurements: seeds differ by"),
    ("seeds a thousandth of the usual apart", scaled("values", 3e-3), r"measurements: seeds differ by"),
    ("the suite's numbers", copied_from(reference), r"measurements: .*seed 0 of \S*vae\.mlp"),
    ("the suite's numbers, jittered", copied_from(reference, 1e-5), r"measurements: .*seed 0 of \S*vae\.mlp"),
    ("the suite's seeds, shuffled", copied_from(reference, 0.0, (2, 0, 1)), r"measurements: .*of \S*vae\.mlp"),
    ("another sender's numbers", copied_from(bobs), r"measurements: .*bobs_vae\.mlp.* from bob"),
    ("another sender's numbers, jittered", copied_from(bobs, 1e-4), r"measurements: .*bobs_vae\.mlp.* from bob"),
    ("the suite's durations", times_of(reference), r"cells\.0\.seconds: .*vae\.mlp"),
    ("another sender's durations", times_of(bobs), r"cells\.0\.seconds: .*bobs_vae\.mlp.* from bob"),
    # What a record says of its making.
    ("an id of nothing", put("cells", 1, "id", value="f" * 16), r"cells\.1\.id: f{16}"),
    ("a later date", put("cells", 0, "date", value="2099-01-01T00:00:00Z"), r"cells\.0\.date: 2099"),
    ("a date before the task", put("cells", 2, "date", value="2020-01-01T00:00:00Z"), r"cells\.2\.date: 2020.*2026-11"),
    ("the 45th of a month", put("cells", 0, "date", value="2026-13-45T00:00:00Z"), r"cells\.0\.date: 2026-13-45"),
    ("no date", undated, r"cells\.1\.date"),
    ("no time spent", put("cells", 0, "seconds", value={"train": 0.0}), r"cells\.0\.seconds"),
    ("no parameters", put("parameters", value=0), r"parameters: 0"),
    ("no environment of a cell", no_environment, r"cells\.0\.environment"),
    ("kernels that nobody knows", old_code, r"environments\.0\.code: .*kernels"),
    ("no hash of the training", no_code, r"environments\.0\.code: .*training"),
    ("a quick run", put("subject", "preset", value="quick"), r"subject\.preset: quick"),
    ("a night's run", put("subject", "preset", value="nightly"), r"subject\.preset: nightly"),
    ("an older definition", put("subject", "task", "hash", value="0" * 16), r"subject\.task\.(hash|version): "),
    ("other data", put("subject", "dataset", "hash", value="0" * 16), r"subject\.dataset\.(hash|version): "),
    ("code of other sources", put("subject", "variant", "code_hash", value="9" * 16), r"variant\.code_hash: 9{16}"),
    ("a word more", put("best_ever", value=True), r"best_ever"),
    ("a list for a record", lambda data, _: "[]", r"object|dictionary|instance"),
    ("a text for a number", put("parameters", value="151000"), r"parameters"),
    ("a number for a text", put("suite_version", value=2), r"suite_version"),
    ("true for a count", put("cells", 0, "seed", value=True), r"cells\.0\.seed"),
    ("infinity", put("parameters", value=float("inf")), r"parameters"),
    ("1e999", lambda data, _: json.dumps(data).replace('"kl_weight": 1.0', '"kl_weight": 1e999'), r"kl_weight"),
    ("a value of 1e200", measured("energy", 1e200), r"measurements\.\d+.*energy"),
    (
        "a source of 10,000 letters",
        put("subject", "variant", "source", value="x" * 10_000),
        r"subject\.variant\.source",
    ),
    ("a name of a path", put("subject", "variant", "name", value="../../etc"), r"subject\.variant\.name"),
    ("a name in Greek", put("subject", "variant", "name", value="βvae"), r"subject\.variant\.name"),
    ("a network of a path", put("subject", "arch", value="../mlp"), r"subject\.arch"),
    ("a data set of a path", put("subject", "dataset", "name", value="/dev/zero"), r"subject\.dataset\.name"),
    ("a reason of 3,000 letters", put("cells", 0, "reason", value="x" * 3_000), r"cells\.0\.reason"),
    (
        "half a surrogate",
        lambda data, _: json.dumps(data).replace("arXiv", "\\ud800"),
        r"escape|surrogate",
    ),
    ("cut in the middle", lambda data, _: json.dumps(data)[: len(json.dumps(data)) // 2], r"char|EOF|column"),
    ("empty", lambda data, _: "", r"char|EOF|column"),
    ("a page of HTML", lambda data, _: "<!doctype html><script>alert(1)</script>", r"char|column"),
    ("deep lists", lambda data, _: "[" * 25_000 + "]" * 25_000, r"recursion|depth|deep"),
    ("deep objects", lambda data, _: '{"a":' * 7_000 + "1" + "}" * 7_000, r"recursion|depth|deep|twice"),
    ("an edited invariant", edited_invariant, r"invariant_verdicts\.0\.controlled\.word"),
]
"""Name, change of the record's data and the world, pattern of the answer."""


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def listed(then):
    """Do something to the folder, and list its files honestly afterwards."""

    def change(folder):
        then(folder)
        list_files(folder)

    return change


def linked(folder):
    (folder / FILE).unlink()
    (folder / FILE).symlink_to("/etc/passwd")


def device(folder):
    (folder / FILE).unlink()
    os.mkfifo(folder / FILE)


def linked_sources(folder):
    (folder / "sources/my_vae/my_vae.py").unlink()
    (folder / "sources/my_vae/my_vae.py").symlink_to("/etc/passwd")


def linked_folder(folder):
    (folder / "sources/my_vae").rename(folder.parents[1] / "elsewhere")
    (folder / "sources/my_vae").symlink_to(folder.parents[1] / "elsewhere")


def hard_link(folder):
    (folder / "sources/my_vae/more.py").hardlink_to(folder / "sources/my_vae/my_vae.py")


def sparse(folder):
    with (folder / FILE).open("wb") as file:
        file.truncate(17 * 2**20)


def nested(folder):
    write(folder / "sources/my_vae/my_vae.py", "x = " + "-" * 60_000 + "1")


def many(folder):
    for n in range(60):
        write(folder / f"sources/my_vae/m{n}.py", f"x = {n}\n")


def flood(folder):
    for n in range(1_001):
        write(folder / f"sources/flood/m{n}.py", "")


def manifest(**changes):
    def change(folder):
        list_files(folder)
        found = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(found | changes))

    return change


def in_list(name, hash_="0" * 64):
    def change(folder):
        list_files(folder)
        found = json.loads((folder / MANIFEST).read_text())
        found["files"][name] = hash_
        (folder / MANIFEST).write_text(json.dumps(found))

    return change


def at(name, content):
    return lambda folder: write(folder / name, content)


FOLDERS = [
    # What lies in the folder.
    ("a link to a secret", linked, "my_vae.mlp.digits.json", r"ordinary"),
    ("a pipe for a record", device, "my_vae.mlp.digits.json", r"ordinary"),
    (
        "a folder for a record",
        lambda f: ((f / FILE).unlink(), (f / FILE).mkdir()),
        "my_vae",
        r"ordinary|directory|files\.",
    ),
    ("a sparse file of 17 MiB", sparse, "my_vae.mlp.digits.json", r"16 MiB"),
    ("a thousand files", flood, "alice", r"1000 files"),
    ("a file nobody listed", at("notes.md", "hello"), "notes.md", r"list"),
    ("a hidden file", at(".bashrc", "echo"), ".bashrc", r"name"),
    ("a name with a line break", at("a\nb.md", "x"), "a\nb.md", r"name"),
    ("a name with markup", at("<img src=x>.md", "x"), "<img src=x>.md", r"name"),
    ("a name that turns the text", at("\u202egnp.md", "x"), "gnp.md", r"name"),
    ("another record of no task", listed(at("other/x.json", "{}")), "x.json", r"missing|required|schema"),
    # The list of files.
    ("no list", lambda f: (f / MANIFEST).unlink(), MANIFEST, r"No such file"),
    (
        "a list that is a link",
        lambda f: ((f / MANIFEST).unlink(), (f / MANIFEST).symlink_to("/dev/zero")),
        MANIFEST,
        "ordinary",
    ),
    ("an empty list", at(MANIFEST, ""), MANIFEST, r"char|EOF"),
    ("a list of 2 MiB", at(MANIFEST, " " * 2**21), MANIFEST, r"larger"),
    ("a list with a key twice", at(MANIFEST, '{"sender": "a", "sender": "b"}'), MANIFEST, r"sender: .*twice"),
    ("a deep list", at(MANIFEST, "[" * 100_000), MANIFEST, r"recursion|char"),
    ("a list of schema 9", manifest(schema_version=9), MANIFEST, r"schema_version"),
    ("a list of schema true", manifest(schema_version=True), MANIFEST, r"True"),
    ("another sender's list", manifest(sender="bob"), MANIFEST, r"sender: bob"),
    ("a sender with a path", manifest(sender="../bob"), MANIFEST, r"sender"),
    ("a list that says more", manifest(trust="replayed"), MANIFEST, r"trust"),
    ("a list with a false hash", in_list(FILE), "my_vae.mlp.digits.json", r"files\.\S+: its hash"),
    ("a list with a file that is not there", in_list("gone.md"), MANIFEST, r"files\.gone\.md"),
    ("a list that names a path outside", in_list("../../../README.md"), MANIFEST, r"files\.\.\./"),
    ("a list with no hash", in_list("x.md", "sha"), MANIFEST, r"files\.x\.md"),
    (
        "a record superseded for no reason",
        manifest(supersedes=[{"file": FILE, "sha256": "0" * 64, "reason": ""}]),
        MANIFEST,
        r"supersedes\.0\.reason",
    ),
    # The sources.
    (
        "no sources",
        listed(lambda f: (f / "sources/my_vae/my_vae.py").unlink()),
        "my_vae",
        r"subject\.variant: .*sources",
    ),
    ("other sources", listed(at("sources/my_vae/my_vae.py", "x = 1\n")), "my_vae", r"code_hash: .*sources/my_vae"),
    ("one source more", listed(at("sources/my_vae/more.py", "x = 1\n")), "my_vae", r"code_hash: .*sources/my_vae"),
    ("a binary beside the sources", listed(at("sources/my_vae/w.pt", b"\x80\x04")), "w.pt", r"Python"),
    ("a large source", listed(at("sources/my_vae/big.py", "#" * 300_000)), "big.py", r"256 KiB"),
    ("sixty sources", listed(many), "sources/my_vae", r"\b61\b"),
    ("a source nested without end", listed(nested), "my_vae", r"deep|code_hash"),
    ("a source with a NUL", listed(at("sources/my_vae/my_vae.py", b"x = 1\0")), "my_vae", r"code_hash"),
    ("sources that are a link", linked_sources, "my_vae.py", r"ordinary"),
    ("a folder of sources that is a link", linked_folder, "my_vae", r"link|ordinary"),
    ("a source with a second name", hard_link, "my_vae", r"hard link"),
    ("no entry", listed(lambda f: (f / "sources/my_vae/ENTRY").unlink()), "ENTRY", r"No such file"),
    ("an entry that is no name", listed(at("sources/my_vae/ENTRY", "rm -rf /")), "ENTRY", r"form"),
    ("an entry of another file", listed(at("sources/my_vae/ENTRY", "/etc/passwd:VARIANT")), "ENTRY", r"passwd"),
    ("an entry in Greek", listed(at("sources/my_vae/ENTRY", "βvae.py:VARIANT")), "ENTRY", r"form"),
]
"""Name, change of the folder, part of the file's name, pattern of the answer."""
