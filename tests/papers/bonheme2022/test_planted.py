"""Settling leads are read off plants as off the judged model, and the published share counts strengths."""

from dataclasses import replace

import pytest
from measures.known import generator
from measures.planted import DATA, settling

from vaebench.experiment import EvaluationBudget
from vaebench.measures.probe import Cohort
from vaebench.papers.bonheme2022.convergence import encoder_first
from vaebench.papers.bonheme2022.planted import planted_leads

EVALUATION = EvaluationBudget(points=96)
EARLY = settling(encoder_at=10, decoder_at=1000)


def read(**models):
    places = {(arm, knob): model for arm, by_knob in models.items() for knob, model in by_knob.items()}
    return planted_leads(Cohort(places, DATA, EVALUATION, generator()))


def test_a_plants_leads_are_what_they_would_be_if_it_were_judged():
    placed = {(one[2], one[0], one[1].name): one[1] for one in read(slow_encoder={4.0: EARLY}) if len(one) == 3}
    judged = encoder_first(Cohort({("trained", 4.0): EARLY}, DATA, EVALUATION, generator()))
    leads = {one[1].name: one[1] for one in judged if one[1].name.startswith("lead_")}
    assert len(leads) == 12
    assert placed == {("slow_encoder", 4.0, name): lead for name, lead in leads.items()}


def test_the_published_share_counts_the_strengths_at_which_both_indices_lead():
    def share(*models):
        (one,) = read(trained=dict(enumerate(models)))
        assert one[0] is None and one[1].name == "raw_first_share"
        return one[1]

    assert share(EARLY, EARLY).value == 1
    assert share(replace(EARLY, snapshots=())).cause == "setting"
    assert share(EARLY, replace(EARLY, snapshots=())).n == 1


def test_the_judged_models_own_leads_are_not_given_twice():
    assert [one[1].name for one in read(trained={None: EARLY})] == ["raw_first_share"]


@pytest.mark.parametrize("arm", ["redrawn", "other_objective"])
def test_other_arms_are_left_alone(arm):
    assert [one[1].reason for one in read(**{arm: {None: EARLY}})] == [
        "there is no strength at which a lead can be read"
    ]
