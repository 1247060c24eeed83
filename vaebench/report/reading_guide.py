"""How to read the board: what its page says of agreement, verdicts, intervals and ranks."""

from vaebench.claims.trends import LEAST, LEAST_TAU
from vaebench.report.markdown import SYMBOLS

DEFINITIONS = f"""\
- **Agreement**: how far the papers' claims are true of a variant, not how good the variant is. Of each condition 1 \
where the claim is met in full, 0 where its measurement would lie if the claim were false (at the control it is held \
against, else at the value that the task's page names), −1 as far on the other side; the mean over a claim's \
conditions, a task's claims, its data sets, then over seeds. It is never scaled by other entrants, so a new row moves \
no other.
- **Record, cell**: a record is a variant with one network on one data set; its cells are its seeds. **Analytic \
arm**: a model that mathematics gives in closed form, read and judged like a trained one; where a claim must fail of \
it, it shows that the claim can.
- **±**: half of the 95 % t-interval over seeds: initial weights, batches, noise and draws differ between them, the \
data and their split do not. An instrument's own error within one trained model is kept apart.
- **Verdicts**: {SYMBOLS["holds"]} holds – the 95 % interval lies wholly where the claim says; {SYMBOLS["fails"]} \
fails – it lies wholly elsewhere; {SYMBOLS["undecided"]} undecided – it straddles, the effect is too small to count, \
too few seeds finished, or a control left nothing to gain; {SYMBOLS["not applicable"]} not applicable – the \
measurement has no meaning for this variant or data set (one that the model itself leaves without, by collapse or by \
a decoder that is the same everywhere, has an agreement of 0, and leaves undecided what would hold). A claim holds \
when each of its conditions does, at each knob value. It fails when one does though its interval is widened for the \
number of them (Bonferroni): a claim at the edge of all its regions fails by chance in 2.5 % of cases at most, if \
seeds are normal.
- **Estimates**: means over seeds, with t-intervals. A measurement that is never negative and should be 0 is judged \
by its geometric mean, for it has a long tail. Shares of a few things have exact intervals: five seeds show no share \
above .478, so they cannot decide whether one is above .9. How often a verdict errs stands where verdicts are \
defined, in `vaebench/claims/__init__.py`.
- **Falls, rises**: from the first knob value to the last, by {LEAST:.0%} at least, *and* at more pairs of knob \
values than it goes the other way (Kendall τ): τ is beyond 0 by its interval, and beyond ±{LEAST_TAU:g} in the mean \
over seeds, which is at three pairs of four. A course that holds need not be monotone: the figures show it.
- **n of m hold**: of the m verdicts of a task's claims on its data sets that are applicable, n hold. Where some are \
not applicable (a number with a dash), the agreement is that of the others: compare such a row with care.
- **Rank**: an interval. A row's best rank is one more than the number of rows told to be better, its worst leaves \
below it only those told to be worse; rows that cannot be told apart share ranks. Told apart: the 95 % bootstrap \
interval of the difference, over seeds and tasks, lies on one side of 0. Only rows that cover every task, with sound \
runs, are ranked."""
