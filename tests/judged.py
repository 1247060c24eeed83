"""What the tests of judging share: one claim of each kind, and measurements written as plain numbers."""

import numpy as np

from vaebench.claims import Beyond, Claim, Exceeds, Measurement, Near, Outpaces, Table, Trend, column, declined, table
from vaebench.claims import judge as judge_table

SEEDS = 5
FALLS = Claim("falls", "It falls.", (Trend("r", "falls"),))
RISES = Claim("rises", "It rises.", (Trend("r", "rises"),))
NEAR = Claim("near", "It is 1.", (Near("r", 1.0, 0.1, null=0.0),))
ABOVE = Claim("above", "It is above 1.", (Beyond("r", 1.0, ideal=2.0, null=0.0),))
BELOW = Claim("below", "It is below 1.", (Beyond("r", 1.0, ideal=0.0, null=2.0),))
EXCEEDS = Claim("exceeds", "It exceeds c.", (Exceeds("r", "c", ideal=1.0),))
UNDERCUTS = Claim("undercuts", "It stays below c.", (Exceeds("r", "c", ideal=0.0, side="below"),))
OUTPACES = Claim("outpaces", "It falls more than c moves.", (Outpaces("r", "c"),))


def judge(claim, columns, arm="trained", seeds_run=None):
    """Judge columns that stand in no table yet."""
    return judge_table(claim, columns if isinstance(columns, Table) else table(columns), arm, seeds_run)


def observe(values, name="r", arm="trained"):
    """A column a seed and knob value: several numbers are a series along the knob, a string is a reason to decline."""
    found = []
    for seed, row in enumerate(values):
        series = [(None, row)] if isinstance(row, str) or np.ndim(row) == 0 else list(enumerate(row, start=1))
        for knob, value in series:
            measurement = declined(name, value) if isinstance(value, str) else Measurement(name, float(value), 0.0, 1)
            found.append(column(arm, knob, seed, measurement))
    return found
