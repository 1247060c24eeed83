"""Verdicts are shown at half and twice every tolerance that is ours."""

import pytest

from vaebench.claims import Beyond, Claim, Near
from vaebench.report.pages.tolerances import TOLERANCES, tolerance_table
from vaebench.report.rows.selection import select


def test_tolerances_are_shown_at_half_and_twice(made):
    record = made.record()
    (one,) = select(made.suite, [record]).shown
    claims = (Claim("near", "It is.", (Near("attack_damage", 0.0, 1e-9, null=9.0),)),)
    shown = tolerance_table(claims, [one])
    assert TOLERANCES in shown
    assert shown.count("near") == 1
    assert tolerance_table((Claim("lead", "It is.", (Beyond("lead", 0.0, ideal=1.0, null=0.0),)),), [one]) == ""


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_wider_tolerance_can_only_help_where_a_region_is_meant(made, factor):
    (one,) = select(made.suite, [made.record()]).shown
    table = tolerance_table(made.suite.tasks[0].claims, [one])
    assert f"× {factor:g}" in table
