"""Settling leads of plants, one of whose sides was slowed, and where the judged models lead as published."""

from vaebench.claims import Measurement, declined
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out
from vaebench.measures.probe import Cohort, Placed
from vaebench.papers.bonheme2022.convergence import followed
from vaebench.papers.bonheme2022.functional import ARMS

PUBLISHED = ("lead_raw_biased", "lead_raw_procrustes")
"""The leads by the paper's own indices."""


@gives("lead_{raw,corrected,fed_final,depth_matched}{,_biased,_procrustes}", "raw_first_share")
def planted_leads(cohort: Cohort) -> tuple[Placed, ...]:
    """Measure the settling leads of the slowed arms, so that they can be held against the judged model's.

    Args:
        cohort: Models by arm and strength, with snapshots. At most ``points`` examples are used.

    Returns:
        On each arm of a plant the leads, as `encoder_first` measures them. On the judged model ``raw_first_share``, the
        share of strengths at which all of `PUBLISHED` are above 0; a model that denies them is not first.
    """
    x = held_out(cohort.data, cohort.budget.points)
    found: list[Placed] = []
    first: list[bool] = []
    for (arm, knob), trained in cohort.models.items():
        if arm not in ARMS:
            continue
        leads = {one.name: one for one in followed(trained, x) if one.name.startswith("lead_")}
        if arm != "trained":
            found += [(knob, lead, arm) for lead in leads.values()]
        elif all(lead.value is not None or lead.cause == "model" for lead in leads.values()):
            read = [leads[name].value for name in PUBLISHED if name in leads]
            first.append(len(read) == len(PUBLISHED) and all(value is not None and value > 0 for value in read))
    if not first:
        return (*found, (None, declined("raw_first_share", "there is no strength at which a lead can be read")))
    return (*found, (None, Measurement("raw_first_share", sum(first) / len(first), 0.0, len(first))))
