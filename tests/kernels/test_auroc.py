import pytest
import torch

from vaebench.kernels.auroc import auroc, placements
from vaebench.kernels.estimate import Undefined


def test_the_area_is_scikit_learns_with_ties_and_without(draw):
    from sklearn.metrics import roc_auc_score

    for values, reference in ((draw(40) + 0.5, draw(30)), ((2 * draw(40)).round(), (2 * draw(30)).round())):
        labels = torch.cat([torch.ones(40), torch.zeros(30)])
        exact = roc_auc_score(labels.numpy(), torch.cat([values, reference]).numpy())
        assert float(auroc(values, reference).value) == pytest.approx(exact)
        assert float(placements(values, reference).mean()) == pytest.approx(exact)
        assert float(auroc(reference, values).value) == pytest.approx(1 - exact)


def test_the_area_of_normal_draws_is_the_closed_form_and_its_error_is_theirs(draw):
    values, reference = draw(2000, 60) + 1, draw(2000, 40)
    found = [auroc(*each) for each in zip(values, reference, strict=True)]
    areas, errors = (torch.stack([getattr(each, name) for each in found]) for name in ("value", "stderr"))
    exact = float(torch.special.ndtr(torch.tensor(0.5**0.5)))
    assert float(areas.mean()) == pytest.approx(exact, abs=4 * float(areas.std()) / 2000**0.5)
    assert float(errors.square().mean().sqrt()) == pytest.approx(float(areas.std()), rel=0.06)


def test_an_area_is_free_of_any_rising_map(draw):
    values, reference = draw(30), draw(20)
    assert auroc(values.exp(), reference.exp()) == auroc(values, reference)
    assert float(auroc(reference.repeat(2), reference).value) == 0.5


def test_too_few_values_have_no_area(draw):
    with pytest.raises(Undefined, match="two values of each, got 1 and 5"):
        auroc(draw(1), draw(5))
    with pytest.raises(Undefined, match="no value of the reference"):
        placements(draw(3), draw(0))
