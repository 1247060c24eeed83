"""What a record may say: a corpus of records that cannot be, each refused in one line that names file and field."""

import json
import re
from dataclasses import replace

import pytest
from report.hostile import CORPUS, TASK, columns, drop, exact_arm_edited
from results.stored import whole_record

from vaebench import __version__
from vaebench import report as board
from vaebench.report.admission import impossible
from vaebench.report.selection import _unfit, _unfit_to_send, select
from vaebench.report.sent import sent
from vaebench.report.task_text import Suite
from vaebench.results.record import strict_json
from vaebench.results.store import read_records

SUITE = Suite(
    release=__version__,
    datasets=frozenset({"digits", "sprites", "sprites16", "three_sources"}),
    archs=frozenset({"mlp", "conv"}),
    variants={"vae": "c" * 16, "beta_vae": "b" * 16},
)
SIGMAS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@pytest.fixture(scope="module")
def tasks(made):
    """The task of the corpus, with all that a board knows of it."""
    return [
        replace(
            made.tasks[0],
            version=2,
            versions={1: "2026-11-20", 2: "2026-11-21"},
            arms=("analytic",),
            knob_values={"standard": SIGMAS},
            data_versions={"digits": 1},
            seeds={"standard": 3},
        )
    ]


def of_task(record, version=2):
    task = record.subject.task.model_copy(update={"version": version})
    return record.model_copy(update={"subject": record.subject.model_copy(update={"task": task})})


@pytest.fixture(scope="module")
def references(made):
    return [of_task(made.record(seeds=3)), of_task(made.record(variant="beta_vae", code="b" * 16, seeds=3))]


@pytest.fixture(scope="module")
def honest(made):
    """A whole record of somebody's; its exact arm is that of the suite's own records."""
    record = of_task(made.record(variant="my_vae", code="1" * 16, seeds=3))
    return json.loads(strict_json(record))


class Answer:
    """What a board makes of one file among the submissions."""

    def __init__(self, folder, tasks, references):
        found, bad = board._submitted(folder)
        chosen = select(tasks, references, False, found, SUITE)
        self.shown = [record for record in chosen.records if record.subject.variant.name == "my_vae"]
        self.stale = chosen.stale
        self.lines = [*map(str, bad), *chosen.left_out]


@pytest.fixture
def asked(tmp_path, tasks, references):
    def answer(text, place=f"alice/{TASK}/my_vae.mlp.digits.json"):
        path = tmp_path / "submissions" / place
        path.parent.mkdir(parents=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text), "utf-8")
        return Answer(tmp_path / "submissions", tasks, references)

    return answer


def unpacked(case):
    name, change, *place, words = case
    if not place:
        return name, change, f"alice/{TASK}/my_vae.mlp.digits.json", words
    return name, change, place[0] or f"alice/{TASK}/{place[1]}.json", words


@pytest.mark.parametrize(
    ("name", "change", "place", "words"), [*map(unpacked, CORPUS)], ids=[case[0] for case in CORPUS]
)
def test_what_cannot_be_is_refused_in_one_line_that_names_file_and_field(asked, honest, name, change, place, words):
    data = json.loads(json.dumps(honest))
    changed = change(data)
    found = asked(changed if isinstance(changed, str) else data, place)
    assert found.shown == []
    (line,) = found.lines
    assert re.search(words, line.replace("&#58;", ":").replace("&#60;", "<"))
    assert "\n" not in line
    assert place.split("/")[-1] in line or place.split("/")[0] in line


def test_the_corpus_is_large_and_its_honest_record_is_shown(asked, honest):
    assert len(CORPUS) >= 50
    found = asked(honest)
    assert (len(found.shown), found.lines, found.stale) == (1, [], ())


def test_a_record_of_a_superseded_version_is_stale_and_not_refused(asked, honest):
    data = json.loads(json.dumps(honest))
    data["subject"]["task"].update(version=1, hash="0" * 16)
    found = asked(data)
    assert (found.shown, found.lines) == ([], [])
    assert "task hash 0000" in found.stale[0]


def test_verdicts_that_another_judge_made_are_not_compared_but_made_anew(asked, honest):
    """Or a change of ours would refuse what was sent before it."""
    data = json.loads(json.dumps(honest))
    data["judged_by"] = "0" * 16
    data["verdicts"][0]["verdict"] = "fails"
    (shown,) = asked(data).shown
    assert shown.verdicts[0].verdict == "holds"


def test_more_seeds_than_the_preset_has_are_welcome(asked, made):
    record = of_task(made.record(variant="my_vae", code="1" * 16, seeds=7))
    assert len(asked(strict_json(record)).shown) == 1


def test_a_control_that_the_suites_own_records_lack_too_is_not_asked_for(tmp_path, tasks, references, honest):
    path = tmp_path / "alice" / TASK / "my_vae.mlp.digits.json"
    path.parent.mkdir(parents=True)
    data = json.loads(json.dumps(honest))
    drop(data, arm="analytic")
    data |= {"judged_by": None, "control_verdicts": []}
    path.write_text(json.dumps(data), "utf-8")
    lacking = [
        r.model_copy(update={"measurements": tuple(c for c in r.measurements if c.arm != "analytic")})
        for r in references
    ]
    assert len(Answer(tmp_path, tasks, references).shown) == 0
    assert len(Answer(tmp_path, tasks, lacking).shown) == 1


def test_another_weight_of_the_kl_has_another_closed_form(asked, honest):
    data = json.loads(json.dumps(honest))
    exact_arm_edited(data)
    data["subject"]["variant"]["kl_weight"] = 3.0
    data["judged_by"] = None
    assert len(asked(data).shown) == 1


def test_whole_numbers_and_shares_of_few_may_be_equal_in_all_seeds(asked, honest):
    data = json.loads(json.dumps(honest))
    for value, name in ((0.0, "attack_damage"), (3.0, "encoder_mean_degree"), (1 / 3, "decoder_mean_degree")):
        for column in columns(data, name):
            column["values"] = [value] * 3
    data["judged_by"] = None
    assert len(asked(data).shown) == 1


def along_strengths(made, tasks):
    """The task as if its knob were each variant's own strength, and its records so."""
    return [replace(tasks[0], knob_values=None, knob_name="strength")]


def test_along_a_strength_too_a_judged_measurement_cannot_be_left_out(made, tasks, references, honest):
    tasks = along_strengths(made, tasks)
    whole = of_task(made.record(variant="my_vae", code="1" * 16, seeds=3))
    assert len(select(tasks, references, False, [sent(whole, "alice")], SUITE).records) == 3
    for unwanted in (lambda c: c.name == "attack_damage", lambda c: (c.name, c.knob) == ("attack_damage", 0.4)):
        torn = whole.model_copy(update={"measurements": tuple(c for c in whole.measurements if not unwanted(c))})
        chosen = select(tasks, references, False, [sent(torn, "alice")], SUITE)
        assert len(chosen.records) == 2
        assert "measurements: attack_damage of the trained arm is" in chosen.left_out[0]


def test_every_committed_record_may_say_what_it_says():
    """Sent by another, too: no rule refuses the suite's own runs, but for one that lacks what all others have."""
    found = board.committed(board.root()).references
    assert len(found) >= 122
    tasks, suite = {task.name: task for task in board.task_texts()}, board.suite()
    refused = []
    for record in found:
        task, others = tasks[record.subject.task.name], [one for one in found if one is not record]
        theirs = sent(record, "alice")
        why = impossible(theirs, task, suite) or _unfit(theirs, task) or _unfit_to_send(theirs, task, others, False)
        refused += [f"{record.subject.file_name}: {why}"] if why else []
    assert len(refused) <= 1, refused


def test_a_store_names_links_and_does_not_follow_them(tmp_path):
    from vaebench.results.store import write_record

    write_record(tmp_path / "real", whole_record())
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "store" / "loop").symlink_to(tmp_path / "store")
    records, bad = read_records(tmp_path / "store")
    assert records == []
    assert [line.path.name for line in bad] == ["linked", "loop"]
