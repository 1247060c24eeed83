"""Laws of what others send: it has rows of its own, moves nobody's, and says nothing of the suite."""

import re
from dataclasses import replace

import pytest

from vaebench.claims import Beyond, Claim, Measurement, Near, column
from vaebench.report.every_file import summed_up
from vaebench.report.pages.claim_section import CONTROLS
from vaebench.report.received.sent import THIS_RUN, Sent, sender_of, sent
from vaebench.report.rows.selection import select
from vaebench.report.rows.shown import Row, row_of
from vaebench.results.record import Record
from vaebench.results.submission import SENDER

TASK = "camuto2021_variance_frequency"
ALICES = f"records/{TASK}/my_vae.mlp.from.alice.digits.md"


@pytest.fixture(scope="module")
def references(made):
    return [made.record(), made.record(variant="beta_vae")]


@pytest.fixture(scope="module")
def alices(made):
    return sent(made.record(variant="my_vae", code="1" * 16), "alice")


def tallied(page):
    """Of how many models each claim's count is."""
    return [int(number) for number in re.findall(r"Over (\d+) distinct models", page)]


def rows(page):
    return [line for line in page.splitlines() if line.startswith("| ") and "my_vae" in line]


def test_a_record_says_who_sent_it_and_stays_what_it_is(made, alices):
    record = made.record(variant="my_vae", code="1" * 16)
    assert isinstance(alices, Sent) and sender_of(alices) == "alice" and sender_of(record) == ""
    assert Record(**{name: getattr(alices, name) for name in Record.model_fields}) == record
    assert sender_of(alices.model_copy(update={"agreement": None})) == "alice"
    assert row_of(alices) == Row("standard", "my_vae", "mlp", "1" * 16, "alice")
    shown = select(made.suite, [record], submissions=[alices]).shown
    assert [one.is_own for one in shown] == [True]
    assert [one.is_own for one in select(made.suite, [], submissions=[alices]).shown] == [False]


@pytest.mark.parametrize("name", ["alice", "a", "alice-2", "0x"])
def test_a_sender_is_called_as_on_github(name):
    assert SENDER.fullmatch(name)


@pytest.mark.parametrize("name", ["", "Alice", "a--b", "-a", "a-", "a_b", "a b", "..", "a\n", "this run", "ä"])
def test_nobody_is_called_so(name):
    assert not SENDER.fullmatch(name)


def test_the_board_says_who_sent_a_row(made, references, alices):
    board = made.pages(references, submissions=[alices])
    assert "my_vae · mlp (from alice)" in board[f"places/{TASK}.md"]
    assert "my_vae" not in board["README.md"]
    assert board[ALICES].splitlines()[2] == "# my_vae · mlp (from alice) · digits"
    chosen = select(made.suite, references, True, [sent(alices, THIS_RUN)])
    assert "my_vae · mlp (this run)" in chosen.labels.values()


def worse(record):
    zeros = tuple(replace(c, values=(0.0,) * len(c.values)) if c.arm == "trained" else c for c in record.measurements)
    return record.model_copy(update={"measurements": zeros, "judged_by": None})


def test_nobody_displaces_anybody(made, references, alices):
    """A copy of another's record, worse, with more seeds or with a suite version that sorts first, has its own row."""
    alone = made.pages(references, submissions=[alices])
    more = made.record(variant="my_vae", code="1" * 16, seeds=9)
    for copy in (worse(more), worse(alices).model_copy(update={"suite_version": "0.0"})):
        with_eve = made.pages(references, submissions=[sent(copy, "eve"), alices])
        assert with_eve[ALICES] == alone[ALICES]
        assert "## Left out" not in with_eve["README.md"]
        before, after = (
            [row.split("|")[2:] for row in rows(b[f"places/{TASK}.md"]) if "from alice" in row]
            for b in (alone, with_eve)
        )
        assert [[c.strip() for c in row] for row in before] == [[c.strip() for c in row] for row in after]
        assert len(before) == 2
        assert f"records/{TASK}/my_vae.mlp.from.eve.digits.md" in with_eve


def test_an_impostor_renames_and_moves_nothing(made, references):
    """It is refused where the suite's names are known; and where they are not, the suite's own row keeps its name."""
    plain = made.pages(references)
    impostor = sent(made.record(code="e" * 16), "eve")
    board = made.pages(references, submissions=[impostor])
    own_page = f"records/{TASK}/vae.mlp.digits.md"
    assert board[own_page] == plain[own_page]
    assert f"records/{TASK}/vae.mlp.from.eve.digits.md" in board


def test_of_the_suites_own_code_in_its_place_the_suites_record_stands(made, references):
    chosen = select(made.suite, references, False, [sent(made.record(seeds=9), "alice")])
    assert [one.row.sender for one in chosen.shown] == ["", ""]
    assert [len(one.record.cells) for one in chosen.left_out] == [9]
    assert str(chosen.left_out[0]).startswith("alice/")


def with_another_exact_model(record, value):
    """Say of a record that its weight of the KL is another, so that nobody knows its exact model, and edit that."""
    edited = tuple(
        replace(c, values=(value,) * len(c.values)) if c.arm == "analytic" else c for c in record.measurements
    )
    variant = record.subject.variant.model_copy(update={"kl_weight": 3.0})
    subject = record.subject.model_copy(update={"variant": variant})
    return record.model_copy(update={"measurements": edited, "judged_by": None, "subject": subject})


def claims_table(page):
    return page.partition("## All claims")[2].partition("\n## ")[0]


def test_a_flood_of_records_moves_nothing_that_the_suite_says_of_itself(made, references, alices):
    claims = tuple(replace(claim, analytic="fails") for claim in made.claims[TASK])
    task = replace(made.tasks[0], claims=claims)
    suite = made.with_tasks(task, made.tasks[1])
    references = [made.measured_for(task, record) for record in references]
    flood = [
        sent(with_another_exact_model(made.measured_for(task, alices), 7.0), f"eve-{number}") for number in range(12)
    ]
    plain, flooded = made.pages(references, suite), made.pages(references, suite, submissions=flood)
    assert f"records/{TASK}/my_vae.mlp.from.eve.7.digits.md" in flooded
    assert "/1" in claims_table(plain["README.md"])
    assert claims_table(flooded["README.md"]) == claims_table(plain["README.md"])
    assert tallied(flooded[f"{TASK}.md"]) == tallied(plain[f"{TASK}.md"]) == [2] * len(claims)

    def controls(page):
        lines = (line for line in page.splitlines() if line.startswith(CONTROLS))
        return [line.partition(": ")[2] for line in lines]

    assert controls(plain[f"{TASK}.md"])
    assert controls(flooded[f"{TASK}.md"]) == controls(plain[f"{TASK}.md"])


def test_the_sample_of_variants_is_the_suites_own(made):
    claim = Claim("share", "It is so everywhere.", (Beyond("share", 0.5, 1.0, 0.0),))
    task = replace(made.tasks[1], claims=(claim,))

    def record(variant, value):
        measurement = lambda rng: [  # noqa: E731
            column("trained", None, 0, Measurement("share", value + 0.01 * rng.normal(), 0.0, 1))
        ]
        return made.record(task.name, variant, dataset="three_sources", claims=(claim,), measurements=measurement)

    ours = [record(f"vae_{number}", 0.1 * number) for number in range(1, 6)]
    theirs = [sent(record(f"copy_{number}", 0.9), "eve") for number in range(12)]
    suite = made.with_tasks(task)
    alone, flooded = (summed_up(suite, select(suite, ours, False, more), {}) for more in ([], theirs))
    assert alone.general == flooded.general
    assert [group.n for group in alone.general[task.name]] == [5]


def test_what_is_no_record_is_named_on_the_board(made, references):
    board = made.pages(references, unread=["submissions/eve/a|b<i>.json"])
    assert "- submissions/eve/a&#124;b&#60;i&#62;.json: " in board["left_out.md"]
    assert "(left_out.md)" in board["README.md"].partition("## Left out")[2]


def test_a_claim_without_a_record_of_the_suites_own_is_tallied_over_none(made, alices):
    board = made.pages([], submissions=[alices])
    assert tallied(board[f"{TASK}.md"]) == [0] * len(made.claims[TASK])
    near = Claim("near", "It is.", (Near("energy", 1.0, 0.9, 0.0),))
    task = replace(made.tasks[0], claims=(near,))
    chosen = select(made.with_tasks(task), [], False, [made.measured_for(task, alices)])
    assert (chosen.shown, len(chosen.faults)) == ((), 1)
