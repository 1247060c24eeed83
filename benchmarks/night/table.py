"""The table of the proof, made of its outcomes."""

from collections.abc import Mapping, Sequence
from typing import Any

from vaebench.experiment import NIGHT_STEPS

LEVEL = 0.95

HEAD = """# What a night sees

Made by `make night-proof`, from [outcomes.json](outcomes.json). Each change is made in a copy of the package, and the
small cells are trained again with the preset `nightly`: {steps} steps, one seed. T is the distance from the reference
in rounding scales; above 30 a reading has moved. Code: {commits}."""

BLIND = """## What it does not see

* What acts only after the last step of its trainings: 30 steps, and one longer training of the plain VAE a task.
* How fresh sides are trained beside frozen ones, but in that longer training: the night's effort is too small for it.
* A change by less than 30 rounding scales, ratios of durations, and what leaves the mean of a map as it was.
* A share of n draws that changes by less than 30 of them, where no other reading changes.
* GPUs: their sums have no fixed order. A night there needs rounding twins that were made there.
* What is less than a processor's arithmetic moves a reading by: a run without vector instructions is in the scale,
  beside the twins. Rounding enters the roughness of paths squared, and twins of one arithmetic cannot show its mean.
* Whether a change is right. It says that numbers moved."""


def most(alarms: int, nights: int) -> float:
    """Exact upper bound of the rate of alarms, one-sided at 95 % (Clopper and Pearson)."""
    from scipy.stats import beta

    return 1.0 if alarms == nights else float(beta.ppf(LEVEL, alarms + 1, nights - alarms))


def table(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Write both tables.

    Args:
        found: ``commits``, ``mutants`` and ``honest``, as `prove` keeps them.

    Returns:
        Markdown.
    """
    caught = sum(one["caught"] for one in found["mutants"])
    commits = ", ".join(one.removesuffix("+changes")[:12] for one in found["commits"])
    lines = [
        HEAD.format(steps=NIGHT_STEPS, commits=commits),
        "",
        f"## Changes of the code: {caught} of {len(found['mutants'])} caught",
        "",
    ]
    lines += ["| change | caught by | T | readings moved | in |", "| --- | --- | --- | --- | --- |"]
    for one in found["mutants"]:
        best = max(one["cells"], key=lambda each: each["farthest"])
        moved, all_ = (sum(each[what] for each in one["cells"]) for what in ("moved", "readings"))
        by = f"{best['cell']}: `{best['worst']}`" if one["caught"] else "**missed**"
        cells = ", ".join(each["cell"] for each in one["cells"])
        lines.append(f"| {one['name']} | {by} | {best['farthest']:.1e} | {moved} of {all_} | {cells} |")
    nights = found["honest"]
    alarms = sum(one["alarm"] for one in nights)
    enough = "" if most(alarms, len(nights)) < 0.05 else ", which is too few: 59 without an alarm would bound it by 5 %"
    bound = f"; the rate is below {100 * most(alarms, len(nights)):.2g} % (exact, one-sided, 95 %)" if nights else ""
    bound += enough
    lines += ["", f"## Honest nights: {alarms} alarms in {len(nights)}{bound}", ""]
    lines += [
        "A night is the six small cells of one seed, against a reference of the same seed made in the plain setting.",
        "",
        "| setting | nights | alarms | readings | the same | largest T |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for setting in dict.fromkeys(one["setting"] for one in nights):
        of = [one for one in nights if one["setting"] == setting]
        cells = [each for one in of for each in one["cells"]]
        readings, same = (sum(each[what] for each in cells) for what in ("readings", "same"))
        farthest = max(each["farthest"] for each in cells)
        lines.append(
            f"| {setting} | {len(of)} | {sum(one['alarm'] for one in of)} | {readings} | {same} | {farthest:.2g} |"
        )
    return "\n".join([*lines, "", BLIND, ""])
