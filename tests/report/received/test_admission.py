"""What a record may say: a corpus of records that cannot be, each refused in one line that names file and field."""

import json
import re
from dataclasses import replace

import pytest
from report.hostile import CORPUS, TASK, columns, drop, exact_arm_edited
from results.stored import whole_record

from vaebench.experiment import Budget, Knob, TrainingConfig
from vaebench.papers import Version
from vaebench.report import board
from vaebench.report.every_file import overall_pages, summed_up
from vaebench.report.received.admission import contradicted, impossible
from vaebench.report.received.sent import sent
from vaebench.report.rows.selection import select, unfit, unfit_to_send
from vaebench.report.suite import suite
from vaebench.results.record import Record, strict_json
from vaebench.results.references import root
from vaebench.results.store import read_records

SIGMAS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


def with_corpus_task(made, **changes):
    """The task of the corpus, and two variants of the suite's own."""
    budget = Budget(3, 2, TrainingConfig(2), knob_values=SIGMAS)
    task = replace(
        made.tasks[0],
        version=2,
        versions=(Version(1, "2026-11-20"), Version(2, "2026-11-21")),
        arms=(),
        knob=Knob("posterior_scale", "σ"),
        budgets={"standard": budget},
    )
    return replace(made.with_tasks(replace(task, **changes)), variants={"vae": "c" * 16, "beta_vae": "b" * 16})


@pytest.fixture(scope="module")
def there(made):
    """What there is for the corpus."""
    return with_corpus_task(made)


def own(made, there):
    records = made.record(seeds=3), made.record(variant="beta_vae", code="b" * 16, seeds=3)
    return [made.measured_for(there.tasks[0], record) for record in records]


def somebodys(made, there, seeds=3):
    """A whole record of somebody's; its exact arm is that of the suite's own records."""
    return made.measured_for(there.tasks[0], made.record(variant="my_vae", code="1" * 16, seeds=seeds))


@pytest.fixture(scope="module")
def references(made, there):
    return own(made, there)


@pytest.fixture(scope="module")
def honest(made, there):
    return json.loads(strict_json(somebodys(made, there)))


class Answer:
    """What a board makes of one file among the submissions."""

    def __init__(self, folder, there, references):
        found, bad = board._submitted(folder)
        chosen = select(there, references, False, found)
        self.shown = [one.record for one in chosen.shown if one.row.variant == "my_vae"]
        self.stale = [str(one) for one in chosen.stale]
        self.lines = [*map(str, bad), *map(str, chosen.left_out)]


@pytest.fixture
def asked(tmp_path, there, references):
    def answer(text, place=f"alice/{TASK}/my_vae.mlp.digits.json"):
        path = tmp_path / "submissions" / place
        path.parent.mkdir(parents=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text), "utf-8")
        return Answer(tmp_path / "submissions", there, references)

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
    assert re.search(words, line)
    assert "\n" not in line
    assert place.split("/")[-1] in line or place.split("/")[0] in line


def test_the_corpus_is_large_and_its_honest_record_is_shown(asked, honest):
    assert len(CORPUS) >= 50
    found = asked(honest)
    assert (len(found.shown), found.lines, found.stale) == (1, [], [])


def test_a_text_that_looks_like_keys_and_lists_is_a_text(asked, honest):
    data = json.loads(json.dumps(honest))
    data["cells"][0]["notes"] = ['"a": [1, 2], "a": 3', "\\u0000"]
    assert len(asked(data).shown) == 1


def test_a_record_of_a_superseded_version_is_stale_and_not_refused(asked, honest):
    data = json.loads(json.dumps(honest))
    data["subject"]["task"].update(version=1, hash="0" * 16)
    found = asked(data)
    assert (found.shown, found.lines) == ([], [])
    assert "0" * 16 in found.stale[0]


def test_verdicts_that_another_judge_made_are_not_compared_but_made_anew(asked, honest):
    """Or a change of ours would refuse what was sent before it."""
    data = json.loads(json.dumps(honest))
    data["judged_by"] = "0" * 16
    data["verdicts"][0]["controlled"]["word"] = "fails"
    (shown,) = asked(data).shown
    assert shown.verdicts[0].word == "holds"


def test_more_seeds_than_the_preset_has_are_welcome(asked, made, there):
    assert len(asked(strict_json(somebodys(made, there, seeds=7))).shown) == 1


def test_a_refused_record_cannot_put_markup_on_the_page(there, references, honest, tmp_path):
    path = tmp_path / "alice" / TASK / "my_vae.mlp.digits.json"
    path.parent.mkdir(parents=True)
    data = json.loads(json.dumps(honest))
    data["verdicts"][0]["controlled"]["reason"] = "<script>alert(1)</script>"
    path.write_text(json.dumps(data), "utf-8")
    found, _ = board._submitted(tmp_path)
    chosen = select(there, references, False, found)
    assert "<script>" in chosen.faults[0].why
    pages = overall_pages(there, chosen, summed_up(there, chosen, {}))
    assert "script" in pages["left_out.md"] and not any("<script>" in text for text in pages.values())


def test_a_control_that_the_suites_own_records_lack_too_is_not_asked_for(tmp_path, there, references, honest):
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
    assert len(Answer(tmp_path, there, references).shown) == 0
    assert len(Answer(tmp_path, there, lacking).shown) == 1


def test_another_weight_of_the_kl_has_another_closed_form(asked, honest):
    data = json.loads(json.dumps(honest))
    exact_arm_edited(data)
    data["subject"]["variant"]["kl_weight"] = 3.0
    data["judged_by"] = None
    assert len(asked(data).shown) == 1


def at_beta(record, factor, *fixed, weight=1.0):
    """The record with an analytic arm of another β, which moves all but the measurements named ``fixed``."""
    data = json.loads(strict_json(record))
    for column in data["measurements"]:
        if column["arm"] == "analytic" and column["name"] not in fixed:
            column["values"] = [value * factor for value in column["values"]]
    data["subject"]["variant"]["kl_weight"] = weight
    return data


def test_a_learned_variance_has_a_closed_form_of_its_own_beta(there, references):
    """Most of what β moves differs then. A closed form that differs in little, or in what β does not move, is wrong."""
    fixed, task = "decoder_lipschitz_max", there.tasks[0]
    vae, beta_vae = references
    both = [vae, read(at_beta(beta_vae, 1.2, fixed, weight=4.0))]
    one_edited = json.loads(strict_json(vae))
    exact_arm_edited(one_edited)
    assert contradicted(read(at_beta(vae, 1.1, fixed)), task, both) == ""
    assert f"{fixed} is " in contradicted(read(at_beta(vae, 1.1)), task, both)
    assert "decoder_mean_degree is " in contradicted(read(one_edited), task, both)
    # A record of the suite's own that learns its variance does not say what the others are compared with.
    learned = read(at_beta(beta_vae, 1.3, fixed))
    for among in ([*both, learned], [learned, *both]):
        assert contradicted(vae, task, among) == ""
        assert "decoder_mean_degree is " in contradicted(read(one_edited), task, among)
    # The suite's own records of one weight do not show what β moves.
    assert "where the closed form has" in contradicted(read(at_beta(vae, 1.1, fixed)), task, [vae])


def read(data):
    return Record.model_validate_json(json.dumps(data))


def test_whole_numbers_and_shares_of_few_may_be_equal_in_all_seeds(asked, honest):
    data = json.loads(json.dumps(honest))
    for value, name in ((0.0, "attack_damage"), (3.0, "encoder_mean_degree"), (1 / 3, "decoder_mean_degree")):
        for column in columns(data, name):
            column["values"] = [value] * 3
    data["judged_by"] = None
    assert len(asked(data).shown) == 1


def test_along_a_strength_too_a_judged_measurement_cannot_be_left_out(made):
    there = with_corpus_task(made, knob=Knob("strength", "β"))
    references, whole = own(made, there), somebodys(made, there)
    assert len(select(there, references, False, [sent(whole, "alice")]).shown) == 3
    for unwanted in (lambda c: c.name == "attack_damage", lambda c: (c.name, c.knob) == ("attack_damage", 0.4)):
        torn = whole.model_copy(update={"measurements": tuple(c for c in whole.measurements if not unwanted(c))})
        chosen = select(there, references, False, [sent(torn, "alice")])
        assert len(chosen.shown) == 2
        assert chosen.faults[0].why.startswith("measurements: attack_damage ")


def test_every_committed_record_may_say_what_it_says():
    """Sent by another, too: no rule refuses the suite's own runs, but for one that lacks what all others have."""
    there = suite()
    # A record of a superseded protocol says what its own protocol found.
    found = [
        one
        for one in board.published(root()).references
        if one.subject.task.version == there.by_name[one.subject.task.name].version
        and one.subject.task.hash == there.definition(one)
    ]
    assert found
    refused = []
    for record in found:
        task, others = there.by_name[record.subject.task.name], [one for one in found if one is not record]
        theirs = sent(record, "alice")
        why = impossible(theirs, task, there) or unfit(theirs, task) or unfit_to_send(theirs, task, others, False)
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
