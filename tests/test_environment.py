"""What a cell ran on: a probe of the arithmetic that no version can speak for."""

import json
import os
import subprocess
import sys

import torch

from vaebench.environment import PRIMITIVES, environment, probe

PROBE = "import json\nfrom vaebench.environment import probe\nprint(json.dumps(dict(probe('cpu'))))"


def probed(**variables: str) -> dict[str, str]:
    """Hashes of the primitives in another process."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("ATEN_", "MKL_", "OMP_"))}
    done = subprocess.run([sys.executable, "-c", PROBE], env=plain | variables, capture_output=True, check=True)
    return json.loads(done.stdout)


def test_a_probe_is_the_same_in_every_process_and_not_under_other_arithmetic():
    here = dict(probe("cpu"))
    assert set(here) == set(PRIMITIVES)
    assert len(set(here.values())) == len(here) >= 12
    assert probed() == probed(OMP_NUM_THREADS="2") == here
    other = probed(ATEN_CPU_CAPABILITY="default")
    assert other.keys() == here.keys()
    assert other != here


def test_a_probe_leaves_threads_and_random_numbers_alone():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    try:
        probe.__wrapped__("cpu")
        assert torch.get_num_threads() == 2
        assert torch.rand(1) == expected
    finally:
        torch.set_num_threads(threads)


def test_a_probe_sees_one_bit(monkeypatch):
    whole = PRIMITIVES["exp"]
    before = probe.__wrapped__("cpu")
    one_ulp_up = {"exp": lambda at: torch.nextafter(whole(at), torch.tensor(torch.inf))}
    monkeypatch.setattr("vaebench.environment.PRIMITIVES", {**PRIMITIVES, **one_ulp_up})
    after = probe.__wrapped__("cpu")
    assert {name for name in before if before[name] != after[name]} == {"exp"}


def test_an_environment_has_what_it_is_given_and_what_it_finds():
    found = environment("cpu", {"kernels": "0" * 16}, "1" * 40)
    assert (found.code, found.commit) == ({"kernels": "0" * 16}, "1" * 40)
    assert found.probe == probe("cpu")
    assert (found.torch, found.device, found.deterministic) == (torch.__version__, "cpu", True)
