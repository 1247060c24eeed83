"""The page of then and now: today's models count once."""

from vaebench.claims import Beyond, Claim, Measurement, column
from vaebench.report.first_population import Before
from vaebench.report.pages.versions import versions_page
from vaebench.report.rows.selection import select

CLAIM = Claim("gain", "There is gain.", (Beyond("gain", 0.0, 1.0, -1.0),))


def gains(rng):
    return [
        column("trained", None, 0, Measurement(name, 1 + 0.1 * rng.normal(), 0.0, 1))
        for name in ("gain", "b", "c", "d", "e")
    ]


def test_one_model_under_two_names_counts_once_now_and_the_page_says_how_it_counted_then(made):
    """The page said 20 where the front page said 18."""
    one = made.record(claims=(CLAIM,), measurements=gains)
    twin = one.model_copy(update={"subject": made.record(variant="twin", claims=(CLAIM,), measurements=gains).subject})
    suite = made.judging([one])
    task = suite.tasks[0]
    before = [Before(task.name, "gain", "mlp", "digits", "holds", "holds")] * 2
    page = versions_page([task], select(suite, [one, twin]), before)
    (row,) = (line for line in page.splitlines() if line.startswith("| [gain]"))
    then, now = (cell.strip() for cell in row.split("|")[2:4])
    assert (then, now) == ("✓ 2 · ✗ 0 · ? 0", "✓ 1 · ✗ 0 · ? 0")
    assert "counts once" in page and "Then every record counted" in page
