"""What belongs to a data set is found once a process, by its bytes, and is that of the longer road."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from measures.known import generator
from measures.planted_decoders import corners, split_of
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from vaebench.data import Dataset, Split
from vaebench.data.digits import load
from vaebench.kernels.neighbours import neighbour_distance
from vaebench.measures.model_view import DataUndefined
from vaebench.papers.gracyk2025 import kept
from vaebench.papers.gracyk2025.edges import edge_histograms
from vaebench.papers.gracyk2025.kept import FLOORS, facts
from vaebench.papers.gracyk2025.outliers import NEIGHBOUR
from vaebench.papers.gracyk2025.ratings import calibrated, rated

DIGITS = load()


def test_facts_are_found_once_for_equal_bytes_and_again_for_others():
    data = corners(400)
    first = facts(data, 50)
    assert facts(data, 50) is first
    assert facts(data.to("cpu"), 50) is first
    copy = [Split(s.x.clone(), s.labels.clone()) for s in (data.train, data.held_out)]
    assert facts(replace(data, train=copy[0], held_out=copy[1]), 50) is first
    assert facts(data, 40) is not first
    assert facts(replace(data, train=Split(data.train.x + 1, data.train.labels)), 50) is not first


def test_no_more_data_sets_are_kept_than_were_said():
    for n in (400, 440, 480, 520):
        facts(corners(n), 50)
    assert len(kept._FOUND) == kept.KEPT


def test_distances_of_real_data_and_moments_are_theirs():
    known = facts(DIGITS, 200)
    assert torch.equal(known.real, DIGITS.held_out.x[:200])
    assert torch.equal(known.distances, neighbour_distance(known.real, DIGITS.train.x, NEIGHBOUR))
    assert torch.equal(known.among.indices[:, 0], torch.arange(200))
    torch.testing.assert_close(known.mean, DIGITS.train.x.mean(0))


def test_neighbours_are_sought_among_so_many_training_examples_and_samples_as_their_threshold():
    train, all_of_them = DIGITS.train.x, facts(DIGITS, 200)
    fewer = facts(DIGITS, 200, 300)
    assert torch.equal(all_of_them.reference, train)
    assert len(fewer.reference) == len(torch.unique(fewer.reference, dim=0)) == 300
    assert float(neighbour_distance(fewer.reference, train, 1).max()) == 0
    assert torch.equal(fewer.distances, neighbour_distance(fewer.real, fewer.reference, NEIGHBOUR))
    assert torch.equal(rated(fewer.real, fewer).distances, fewer.distances)
    assert bool((fewer.distances >= all_of_them.distances).all())
    assert torch.equal(facts(DIGITS, 200, len(train)).reference, train)


def test_the_classifier_is_as_good_as_that_of_all_rows_at_once_and_passes_its_floor():
    known = facts(DIGITS, 1024)
    rows, real = DIGITS.train.x.flatten(1).double().numpy(), known.real.flatten(1).double().numpy()
    features = Nystroem(gamma=3 / (2 * float(rows.var(0).sum())), n_components=400, random_state=0)
    whole = make_pipeline(features, LogisticRegression(C=100, max_iter=5000)).fit(rows, DIGITS.train.labels.numpy())
    assert len(real) == len(DIGITS.held_out.x)
    assert known.classifier.accuracy == pytest.approx(whole.score(real, DIGITS.held_out.labels.numpy()), abs=0.01)
    assert known.classifier.accuracy > FLOORS["digits"]
    confidences = torch.from_numpy(whole.predict_proba(real)).amax(1)
    assert float(torch.corrcoef(torch.stack([known.confidences, confidences]))[0, 1]) > 0.95


def test_parts_do_not_show(monkeypatch):
    data = corners(400)
    whole = facts(data, 50)
    monkeypatch.setattr(kept, "AT_ONCE", 37)
    parts = kept._found(data, 50)
    torch.testing.assert_close(parts.mean, whole.mean)
    torch.testing.assert_close(parts.confidences, whole.confidences, atol=1e-6, rtol=0)


def test_more_examples_than_are_fitted_leave_a_classifier_of_some(monkeypatch):
    monkeypatch.setattr(kept, "FITTED", 150)
    assert kept._found(corners(400), 50).classifier.accuracy > 0.9


def test_a_classifier_of_edges_is_scaled_by_their_variance_and_keeps_none_but_its_landmarks(monkeypatch):
    """The landmarks were a view, and kept all that was seen in memory while it was mapped."""
    seen, landmarks = [], []
    fit, see = Nystroem.fit, kept._seen
    monkeypatch.setattr(kept, "EDGED", {"digits": 50})
    monkeypatch.setattr(Nystroem, "fit", lambda self, x: landmarks.append(x) or fit(self, x))
    monkeypatch.setattr(kept, "_seen", lambda *given: seen.append(see(*given)) or seen[-1])
    rater = kept._found(DIGITS, 50).classifier
    edges = edge_histograms(DIGITS.train.x.double())
    features = rater.pipeline.named_steps["nystroem"]
    assert features.gamma == pytest.approx(3 / (2 * float(edges.var(0).sum())))
    assert len(landmarks[0]) == 50
    assert not np.shares_memory(landmarks[0], seen[0].numpy())


def test_too_few_examples_are_the_datas_matter():
    x = torch.randn(40, 3, generator=generator())
    for labels in (None, (x[:, 0] > 0).long()):
        with pytest.raises(DataUndefined, match="19 held-out examples are needed, and there are 10"):
            facts(split_of(x, labels), 50)
    with pytest.raises(DataUndefined, match="19 held-out examples are needed, and there are 18"):
        facts(corners(400), 18)
    known = facts(corners(400), 19)  # and with one more the detectors are fixed
    assert calibrated(rated(known.real, known), known).far.keys() == {"classifier", "neighbour"}
    with pytest.raises(DataUndefined, match="5 training examples are needed for neighbours"):
        facts(Dataset("few", 1, Split(x[:4]), Split(x[4:])), 50)


def test_data_without_classes_have_no_classifier():
    known = facts(corners(100, labelled=False), 50)
    assert known.classifier is None
    assert known.confidences is None
