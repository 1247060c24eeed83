"""What a claim is, and how readings judge it; no torch.

A claim is a sentence of a paper with one or more conditions (`conditions`, `trends`). A condition turns the readings
(`readings`) of one seed into one or two numbers and names the region where they lie if the sentence is true. Seeds
are the sample: a 95 % t-interval over seeds (`intervals`) that lies inside the region says ``holds``, one that lies
outside says ``fails``, one that straddles says ``undecided`` (`verdicts`).

A claim holds when every condition holds. That needs no correction for many conditions: an intersection-union test
keeps its level, here 2.5 % for a condition at the edge of its region. It fails as soon as one condition does, that
condition's interval widened for the number of those that could (Bonferroni): so a claim whose conditions all lie at
their edges fails by chance in 2.5 % of cases at most.

An interval speaks of what differs between seeds: initial weights, batches, noise, an instrument's draws. The data and
their split are the same for all, so it does not speak of other data. An instrument's own error within one trained
model (`Reading.stderr`) is stored and shown beside it, and never added.
"""

from vaebench.claims.conditions import Beyond, Condition, Exceeds, Near
from vaebench.claims.intervals import LEVEL, Interval, t_interval
from vaebench.claims.quantities import Quantity
from vaebench.claims.readings import LARGEST, Declined, Observation, Reading, Sample, map_entry, map_entry_name
from vaebench.claims.tradeoff import Tradeoff
from vaebench.claims.trends import Outpaces, Trend, kendall_tau
from vaebench.claims.verdicts import (
    SURVIVING_SHARE,
    WORST_FIRST,
    Claim,
    Finding,
    Verdict,
    VerdictWord,
    judge,
    judged_readings,
)

__all__ = [
    "LARGEST",
    "LEVEL",
    "SURVIVING_SHARE",
    "WORST_FIRST",
    "Beyond",
    "Claim",
    "Condition",
    "Declined",
    "Exceeds",
    "Finding",
    "Interval",
    "Near",
    "Observation",
    "Outpaces",
    "Quantity",
    "Reading",
    "Sample",
    "Tradeoff",
    "Trend",
    "Verdict",
    "VerdictWord",
    "judge",
    "judged_readings",
    "kendall_tau",
    "map_entry",
    "map_entry_name",
    "t_interval",
]
