"""Kernels of this checkout against those of another revision, timed in turn on one machine by asv.

    python -m benchmarks.compare origin/main [--rounds 7] [--bench REGEX] [--report FILE]

Each round times both, one after the other, in an order that changes. So a machine that slows down slows both. Exit
status 1 if a benchmark is slower by 10 % or more and beyond chance, if nothing was timed, if benchmarks are gone, or
if asv fails on either side, as it does where one benchmark fails.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLOWER = 1.10
"""Ratio of times from which a slow-down counts."""

FALSE_ALARMS = 0.05
"""Expected share of false alarms among all slow-downs that one comparison reports."""

Times = Mapping[str, Sequence[float]]
"""Seconds by benchmark with its parameters, one a round."""


@dataclass(frozen=True)
class Change:
    """One benchmark on both sides.

    Attributes:
        name: With its parameters.
        base: Median seconds of the base.
        head: Median seconds of the head.
        p: One-sided probability of a ratio this large if nothing changed, corrected for the number of benchmarks.
    """

    name: str
    base: float
    head: float
    p: float

    @property
    def ratio(self) -> float:
        """Head over base."""
        return self.head / self.base

    @property
    def slower(self) -> bool:
        """Whether it is slower by enough, and beyond chance."""
        return self.ratio >= SLOWER and self.p <= FALSE_ALARMS


def changes(base: Times, head: Times) -> list[Change]:
    """Compare benchmarks that both sides have: Student's t on log ratios of rounds, Benjamini–Hochberg over all.

    Args:
        base: Of the base.
        head: Of the head, as many rounds.

    Returns:
        One a benchmark, the slowest first.
    """
    from scipy.stats import false_discovery_control, ttest_1samp

    names = [name for name in base if name in head]
    if not names:
        return []
    p = []
    for name in names:
        ratios = [math.log(new / old) for new, old in zip(head[name], base[name], strict=True)]
        flat = max(ratios) - min(ratios) < 1e-12  # no spread: the ratio itself decides
        p.append(
            (0.0 if ratios[0] > 0 else 1.0) if flat else float(ttest_1samp(ratios, 0, alternative="greater").pvalue)
        )
    found = [
        Change(name, statistics.median(base[name]), statistics.median(head[name]), float(q))
        for name, q in zip(names, false_discovery_control(p), strict=True)
    ]
    return sorted(found, key=lambda one: -one.ratio)


def objections(base: Times, head: Times, found: Sequence[Change]) -> list[str]:
    """Say what speaks against the head.

    Args:
        base: Of the base.
        head: Of the head.
        found: What came of the comparison.

    Returns:
        One line each; empty where nothing does.
    """
    lines = [] if found else ["nothing was timed on both sides"]
    lines += [f"{name}: the base has it, and the head does not" for name in base if name not in head]
    slow = [one for one in found if one.slower]
    return lines + [f"{one.name}: slower by {100 * (one.ratio - 1):.0f} % (p = {one.p:.2g})" for one in slow]


def report(found: Sequence[Change], lines: Sequence[str], machine: str) -> str:
    """Write a comparison as Markdown."""
    rows = [
        f"| {one.name} | {1e3 * one.base:.3g} | {1e3 * one.head:.3g} | {one.ratio:.2f} | {one.p:.2g} |" for one in found
    ]
    heads = ["| benchmark | base, ms | head, ms | ratio | p, slower |", "| --- | --- | --- | --- | --- |"]
    said = [f"* **{line}**" for line in lines] or ["No benchmark is slower by 10 % beyond chance."]
    return "\n".join(["", "## Speed of the kernels", "", machine, "", *said, "", *heads, *rows, ""])


def machine() -> str:
    """What the times were taken with, in one line."""
    import torch

    from vaebench.environment import processor_name

    versions = f"torch {torch.__version__}, Python {sys.version.split()[0]}"
    return f"{processor_name()}, {versions}, {torch.get_num_threads()} threads"


def checked_out(name: str, folder: Path) -> Path:
    """Lay out a revision beside this checkout; asv wants a repository."""
    tree = folder / "base"
    if not (tree / ".git").exists():
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(tree)], check=True)
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--verify", f"{name}^{{commit}}"], capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(f"compare: there is no revision {name}")
    commit = done.stdout.decode().strip()
    subprocess.run(["git", "-C", str(tree), "fetch", "--quiet", str(ROOT), commit], check=False)
    subprocess.run(["git", "-C", str(tree), "checkout", "--quiet", "--force", commit], check=True)
    return tree


def timed(tree: Path, out: Path, bench: str) -> dict[str, float]:
    """Time one checkout once.

    Args:
        tree: The checkout.
        out: Folder of this round and side. Results of an earlier comparison in it are removed.
        bench: Regular expression of the benchmarks.

    Returns:
        Seconds by benchmark with its parameters.
    """
    out.mkdir(parents=True, exist_ok=True)
    if (out / "results").exists():
        shutil.rmtree(out / "results")
    config = {
        "version": 1,
        "project": "vaebench",
        "repo": str(tree),
        "branches": ["HEAD"],
        "environment_type": "existing",
        "benchmark_dir": str(tree / "benchmarks"),
        "results_dir": str(out / "results"),
        "env_dir": str(out / "env"),
        "html_dir": str(out / "html"),
    }
    (out / "asv.json").write_text(json.dumps(config))
    commit = subprocess.run(
        ["git", "-C", str(tree), "rev-parse", "HEAD"], capture_output=True, check=True
    ).stdout.decode()
    few = [f"--attribute={what}" for what in ("rounds=1", "repeat=3", "warmup_time=0.02", "sample_time=0.01")]
    asv = [sys.executable, "-m", "asv", "--config", str(out / "asv.json")]
    run = [*asv, "run", "--python=same", "--set-commit-hash", commit.strip(), "--bench", bench, *few]
    done = subprocess.run(run, cwd=tree, capture_output=True, text=True, check=False)
    found = read(out / "results")
    if done.returncode or not found:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
    if done.returncode:
        sys.exit(f"compare: asv ended with status {done.returncode} in {tree}")
    return found


def read(results: Path) -> dict[str, float]:
    """Read times of asv's results: benchmarks that failed or do not time are left out."""
    found = {}
    for path in results.glob("*/*.json"):
        stored = json.loads(path.read_text())
        columns = stored.get("result_columns", ())
        for name, values in stored.get("results", {}).items():
            row = dict(zip(columns, values, strict=False))
            if ".time_" not in name:
                continue
            for at, seconds in zip(product(*row.get("params") or ()), row["result"] or (), strict=False):
                if seconds is not None and math.isfinite(seconds):
                    found[f"{name}({', '.join(at)})" if at else name] = seconds
    return found


def main() -> None:
    """Compare and report."""
    parser = argparse.ArgumentParser(prog="compare")
    parser.add_argument("base")
    parser.add_argument("--out", type=Path, default=ROOT / ".asv" / "compare")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bench", default="time_")
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    if asked.rounds < 2:
        sys.exit("compare: one round has no spread to compare by; give --rounds 2 or more")
    out = asked.out.resolve()  # asv runs elsewhere
    out.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "asv", "machine", "--yes"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    trees = {"base": checked_out(asked.base, out), "head": ROOT}
    times: dict[str, list[dict[str, float]]] = {"base": [], "head": []}
    for turn in range(asked.rounds):
        for side in ("base", "head") if turn % 2 else ("head", "base"):
            times[side].append(timed(trees[side], out / f"{side}{turn}", asked.bench))
            sys.stderr.write(f"round {turn + 1} of {asked.rounds}: {side}, {len(times[side][-1])} benchmarks\n")
    base, head = ({n: [one[n] for one in of] for n in of[0] if all(n in one for one in of)} for of in times.values())
    found = changes(base, head)
    lines = objections(base, head, found)
    text = report(found, lines, machine())
    if asked.report:
        asked.report.write_text(text, "utf-8")
    sys.stdout.write(text)
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
