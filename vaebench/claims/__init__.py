"""What a claim is, and how measurements judge it; no torch.

A claim is a sentence of a paper with one or more conditions (`conditions`, `trends`). A condition turns the
measurements of one seed (`measurements`, `table`) into one or two numbers, its statistics. It names the region where
they lie if the sentence is true. Seeds are the sample. A check (`checks`) says where the 95 % interval over seeds
(`intervals`) of one statistic lies: it is ``holds`` if inside, ``fails`` if outside, ``undecided`` if the interval
straddles. A verdict (`verdicts`) is what all checks of a claim come to.

A claim holds when every condition holds. That needs no correction for many conditions. It is an intersection-union
test, which keeps its level: 2.5 % for a condition at the edge of its region. A claim fails as soon as one condition
does. That condition's interval is widened for the number of those that could fail (Bonferroni). So a claim whose
conditions all lie at their edges fails by chance in 2.5 % of cases at most, if seeds are normal.

An interval speaks of what differs between seeds: initial weights, batches, noise, an instrument's draws. Where a data
set has no official split, each seed divides or draws its own, and the interval speaks of data too; a record says which.
An instrument has its own error within one trained model (`Measurement.stderr`). That error is stored and shown, and
never added.

**What is estimated** is the condition's `Scale`.

- The mean over seeds, by the t-interval. It is exact for normal seeds.
- The geometric mean, for measurements that are never negative and whose ideal is 0. Many of them are a maximum, of
  units or of sources. Such a measurement has a long tail towards the limit, where a t-interval is too short. Its
  logarithm has no such tail in the reference results (a test holds it). For log-normal seeds the interval is exact.
  There the geometric mean is the median, the typical seed. The arithmetic mean is larger, and is not judged.
- The mean of shares of a few things, with no assumption on their distribution. Five seeds that all read 1 show a mean
  above .478. So five seeds cannot decide whether it is above .9.
- The share of all draws, where draws within each model are the sample. The claim is then about the models at hand.

A zero-width t-interval is kept where a measurement is continuous. Five equal numbers of a continuous kind are a
constant, such as a model in closed form. Five equal shares can be luck.

**How often a verdict errs.** Below is the probability of ``holds`` where the true value lies at the edge. The nominal
value is 2.5 %. The last column is the probability of ``fails``.

- Rows say how the number of each seed is distributed. "Largest of 3" is the largest of three |N(0, 1)|.
- *below, median, above*: `Beyond` with the mean, or the median, below its limit; with the mean above it.
- *near*: `Near`. *exceeds*: `Exceeds`, with measurement and control of that shape.
- *outpaces*: `Outpaces`, with noise of that shape on flat courses.
- *outpaces arm*: `OutpacesArm`, with noise of that shape at both ends of flat courses.
- *trend*: `Trend` and `RoomyTrend`, with straight courses whose slopes have that shape.
- *log*: `Beyond` on the logarithmic scale.

400,000 runs; standard errors are .0006 at most. ``tests/error_rates.py`` prints the table, and a test holds it.

| 5 seeds | below | median | above | near | exceeds | outpaces | outpaces arm | trend | log | log fails |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| normal | .025 | .025 | .025 | .025 | .025 | .027 | .025 | .022 | – | – |
| t, 3 d.f. | .019 | .019 | .019 | .019 | .020 | .038 | .021 | .016 | – | – |
| beta(2, 8) | .057 | .032 | .011 | .058 | .023 | .027 | .024 | .057 | .011 | .054 |
| largest of 3 | .044 | .029 | .015 | .043 | .024 | .026 | .025 | .038 | .012 | .047 |
| log-normal .5 | .078 | .031 | .006 | .078 | .020 | .031 | .022 | .069 | .026 | .025 |
| log-normal 1 | .178 | .034 | .001 | .178 | .013 | .059 | .016 | .154 | .025 | .025 |

| 3 seeds | below | median | above | near | exceeds | outpaces | outpaces arm | trend | log | log fails |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| normal | .025 | .025 | .025 | .025 | .025 | .027 | .025 | .025 | – | – |
| t, 3 d.f. | .019 | .019 | .019 | .019 | .020 | .033 | .022 | .019 | – | – |
| beta(2, 8) | .055 | .036 | .014 | .056 | .023 | .026 | .024 | .055 | .013 | .048 |
| largest of 3 | .040 | .031 | .017 | .041 | .024 | .027 | .025 | .040 | .014 | .042 |
| log-normal .5 | .068 | .036 | .009 | .068 | .020 | .029 | .022 | .068 | .024 | .025 |
| log-normal 1 | .160 | .047 | .003 | .159 | .013 | .051 | .016 | .160 | .025 | .025 |

Shares keep 2.5 % for every distribution (`share_interval` says why). Three other columns need a word.

- *Signed measurements* have no logarithm. A long tail towards the limit leaves .04 to .18 in the columns "below",
  "near", "outpaces" and "trend". The mirrored tail leaves it in "above". Nothing at five seeds mends that for the mean.
  If all distributions with a mean are possible, no test of the mean at level α has a power above α (Bahadur & Savage
  1956). If they are bounded, five seeds show no more than .478, as above. A correction for skewness does not reach .035
  either (Hall 1992: .12 for .178, .06 for .078). In the reference results these measurements have no such tail. Their
  mean skewness towards the limit is below a quarter of that of the row "log-normal .5" (a test holds it). For the
  *typical* seed the same interval errs in .034 of these cases at most ("median"), with five seeds.
- *Logarithms* of a bounded measurement, or of a maximum of normals, have the long tail on the other side. There
  ``fails`` errs in .05 of cases in place of .025.
- *Kendall's τ* is discrete, and all five seeds can be at −1. If each course is monotone and its direction a coin's,
  that has a probability of 1/32 = .031; with three seeds of 1/8. It is larger if most seeds fall and a few rise far.
  The column "trend" shows it for slopes. It is up to .13 for τ = −.51 in two seeds of three and 1 in the third. A rule
  on the mean of τ would have to ask for −.955 to bring that below .035.

**Plants and looks.** A measure that does not see a plant at all is called shown in 2.5 % of cases at most, and in
fewer with several plants. A measure that sees a plant of exactly its least size is called missed in 2.5 %, and found in
as few: a plant has to be well beyond its least size. What a left-out measure could have brought down still counts in
the correction, so that ``fails`` keeps its 2.5 % whatever the plants pick. A claim of two looks, each at its edge,
holds in 2.5 % of cases at most in either of them. Simulations in ``tests/claims`` hold these.

**How often a true claim holds.** The true value lies so many standard deviations over seeds inside the region. "One
statistic" is `Beyond`, `Exceeds`, `Outpaces` and the logarithmic scale, for normal seeds. In the row "near" the true
value is the target, and the columns give the tolerance. "All of k" is a claim of k independent statistics. What is lost
is ``undecided``, never ``fails``.

| power, 5 seeds | 0.5 sd | 1 sd | 1.5 sd | 2 sd | 3 sd |
| --- | --- | --- | --- | --- | --- |
| one statistic | 0.14 | 0.40 | 0.71 | 0.91 | 1.00 |
| near | 0.01 | 0.15 | 0.51 | 0.83 | 1.00 |
| trend | 0.12 | 0.36 | 0.66 | 0.87 | 0.99 |
| all of 2 | 0.02 | 0.16 | 0.50 | 0.83 | 1.00 |
| all of 4 | 0.00 | 0.03 | 0.26 | 0.68 | 0.99 |
| all of 12 | 0.00 | 0.00 | 0.02 | 0.32 | 0.97 |

| power, 10 seeds | 0.5 sd | 1 sd | 1.5 sd | 2 sd | 3 sd |
| --- | --- | --- | --- | --- | --- |
| one statistic | 0.29 | 0.80 | 0.99 | 1.00 | 1.00 |
| near | 0.02 | 0.62 | 0.97 | 1.00 | 1.00 |
| trend | 0.13 | 0.52 | 0.87 | 0.98 | 1.00 |
| all of 2 | 0.09 | 0.64 | 0.97 | 1.00 | 1.00 |
| all of 4 | 0.01 | 0.42 | 0.95 | 1.00 | 1.00 |
| all of 12 | 0.00 | 0.07 | 0.86 | 1.00 | 1.00 |

With five seeds one statistic finds an effect of two standard deviations in .91 of cases, two in .83. Twelve statistics
need three standard deviations. A `share` of five seeds has no power above .478, whatever the effect.
"""

from vaebench.claims.arms import OutpacesArm, RoomyTrend
from vaebench.claims.claim import WORST_FIRST, CheckResult, Claim, Level, LevelName, ReasonCode, Verdict, VerdictWord
from vaebench.claims.conditions import Beyond, Condition, Exceeds, Near
from vaebench.claims.intervals import (
    LEVEL,
    SURVIVING_SHARE,
    Interval,
    draws_interval,
    enough,
    log_interval,
    share_interval,
    t_interval,
)
from vaebench.claims.measurements import (
    LARGEST,
    Measurement,
    NotFinite,
    declined,
    is_duration,
    map_entry,
    map_entry_name,
)
from vaebench.claims.plants import Found, Plant, PlantWord, Validity, read_plants, validity
from vaebench.claims.statistics import ROUNDING, Role, Scale, Statistic
from vaebench.claims.table import Absence, Column, Sweep, Table, column, is_plain, table
from vaebench.claims.tolerances import has_tolerance, rests_on_tolerances, scaled, with_tolerances
from vaebench.claims.tradeoff import Tradeoff
from vaebench.claims.trends import Outpaces, Trend, kendall_tau
from vaebench.claims.verdicts import judge, judged_names

__all__ = [
    "LARGEST",
    "LEVEL",
    "ROUNDING",
    "SURVIVING_SHARE",
    "WORST_FIRST",
    "Absence",
    "Beyond",
    "CheckResult",
    "Claim",
    "Column",
    "Condition",
    "Exceeds",
    "Found",
    "Interval",
    "Level",
    "LevelName",
    "Measurement",
    "Near",
    "NotFinite",
    "Outpaces",
    "OutpacesArm",
    "Plant",
    "PlantWord",
    "ReasonCode",
    "Role",
    "RoomyTrend",
    "Scale",
    "Statistic",
    "Sweep",
    "Table",
    "Tradeoff",
    "Trend",
    "Validity",
    "Verdict",
    "VerdictWord",
    "column",
    "declined",
    "draws_interval",
    "enough",
    "has_tolerance",
    "is_duration",
    "is_plain",
    "judge",
    "judged_names",
    "kendall_tau",
    "log_interval",
    "map_entry",
    "map_entry_name",
    "read_plants",
    "rests_on_tolerances",
    "scaled",
    "share_interval",
    "t_interval",
    "table",
    "validity",
    "with_tolerances",
]
