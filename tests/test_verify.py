"""``vaebench verify`` as a real process on the worst of the corpus: one line, little time, little memory."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import environment_with
from results.stored import whole_record

from vaebench.results.record import strict_json
from vaebench.verify import Checked, Verified

FILE = "some_task/vae.mlp.digits.json"
SECONDS, MEBIBYTES = 2.0, 300

CODE = """
import json, resource, sys, time
from vaebench.cli import main
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'torch':
            raise ImportError('torch is asked for')
sys.meta_path.insert(0, NoTorch())
sys.argv, status, start = ['vaebench', *ARGUMENTS], 0, time.perf_counter()
try:
    main()
except SystemExit as end:
    status = end.code
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({'status': status, 'seconds': spent(), 'mebibytes': peak}))
"""


def asked(cwd, *arguments):
    """Run a verb without torch; what it printed, and what it took."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE.replace("ARGUMENTS", repr(list(map(str, arguments))))],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment_with(),
        timeout=300,
    )
    assert done.stdout.strip(), done.stderr
    return done.stderr, json.loads(done.stdout.splitlines()[-1])


def deep(data):
    return '{"a":' * 7_900 + "1" + "}" * 7_900


def numbers(data):
    return json.dumps(data | {"parameters": [0.5] * 190_000})


def long_texts(data):
    data["cells"][0]["reason"] = "x" * (15 * 2**20)
    return json.dumps(data)


def wide(data):
    return json.dumps(data | {f"k{n}": {} for n in range(7_000)})


def spaces(data):
    return json.dumps(data) + " " * (15 * 2**20)


WORST = [
    ("deep", deep, r"recursion|depth|deep"),
    ("190,000 numbers", numbers, "parameters"),
    ("a text of 15 MiB", long_texts, r"cells\.0\.reason"),
    ("7,000 fields", wide, "k0"),
    ("15 MiB of spaces", spaces, "subject"),
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A board without records, and what reading it takes."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "reference_results").mkdir()
    run = folder / "runs"
    (run / "some_task").mkdir(parents=True)
    (run / FILE).write_text("{}")
    _, before = asked(folder, "verify", run)
    return folder, before


@pytest.mark.parametrize(("name", "change", "answer"), WORST, ids=[case[0] for case in WORST])
def test_the_worst_of_the_corpus_takes_little(checkout, tmp_path, name, change, answer):
    folder, before = checkout
    run = tmp_path / "run"
    (run / "some_task").mkdir(parents=True)
    (run / FILE).write_text(change(json.loads(strict_json(whole_record()))), "utf-8")
    said, found = asked(folder, "verify", run)
    assert found["status"] == 1
    lines = [line for line in said.splitlines() if FILE in line]
    assert [line for line in lines if re.search(answer, line)], said[:2000]
    assert "Traceback" not in said and max(map(len, lines)) < 2_000
    assert found["seconds"] - before["seconds"] < SECONDS
    assert found["mebibytes"] - before["mebibytes"] < MEBIBYTES


def test_a_sender_who_floods_the_board_is_read_no_further(checkout, tmp_path):
    folder, before = checkout
    sender = tmp_path / "submissions" / "mallory"
    (sender / "some_task").mkdir(parents=True)
    for n in range(5):
        with (sender / "some_task" / f"v{n}.mlp.digits.json").open("wb") as file:
            file.truncate(15 * 2**20)
    said, found = asked(folder, "verify", sender)
    assert found["status"] == 1
    assert [line for line in said.splitlines() if "mallory" in line and "64 MiB" in line]
    assert found["seconds"] - before["seconds"] < SECONDS
    assert found["mebibytes"] - before["mebibytes"] < MEBIBYTES


def test_slips_of_a_user_are_one_line(checkout, tmp_path):
    folder, _ = checkout
    (tmp_path / "empty").mkdir()
    for arguments, word in (
        ([tmp_path / "absent"], "absent"),
        ([tmp_path / "empty"], "empty"),
        ([tmp_path / "empty", "--author", "alice"], "--base"),
        ([tmp_path / "empty", "--reference", tmp_path / "nowhere"], "nowhere"),
    ):
        said, found = asked(folder, "verify", *arguments)
        assert found["status"] == 2
        (line,) = said.strip().splitlines()
        assert word in line


def test_an_answer_for_a_program_has_every_reason(checkout, tmp_path):
    folder, _ = checkout
    (tmp_path / "some_task").mkdir()
    (tmp_path / FILE).write_text("{")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "vaebench", "verify", str(tmp_path), "--json"],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment_with(),
    )
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["records"]) == (1, 0)
    ((of_file, reasons),) = [(one["file"], one["reasons"]) for one in answer["files"]]
    assert of_file.endswith(FILE) and len(reasons) == 1


def test_a_remark_on_many_records_is_one_line():
    files = tuple(Checked(Path(name), (), ("no contact",) if name != "b" else ("old",)) for name in "abcd")
    assert Verified(files, 4).remarks == ["a and 2 more: no contact", "b: old"]
