"""torch's own generators are seeded, and left as they were."""

import torch

from vaebench.training.seeding import layers_seeded, seed_layers


def test_a_layer_draws_as_after_torchs_own_seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = torch.rand(4)
        seed_layers(3, torch.device("cpu"))
        assert torch.equal(torch.rand(4), expected)


def test_seeding_keeps_nothing_for_a_device_that_was_never_used():
    before = len(torch.cuda._queued_calls)
    with layers_seeded(3):
        torch.rand(1)
    assert len(torch.cuda._queued_calls) == before


def test_the_state_before_is_restored():
    before = torch.get_rng_state()
    with layers_seeded(3):
        torch.rand(1)
    assert torch.equal(torch.get_rng_state(), before)
