"""The glossary: what the words on the board mean, a page that all others link to."""

from vaebench.claims import LEVEL, SURVIVING_SHARE, share_interval
from vaebench.claims.trends import LEAST, LEAST_TAU
from vaebench.report.words.markdown import SYMBOLS, anchor, label, table

GLOSSARY = "glossary.md"
"""The glossary's file at the top of the board."""

_LEVEL = f"{100 * LEVEL:g} %"
_SEEDS = 5
_SUREST = share_interval((1.0,) * _SEEDS).low or 0.0

_HOLDS, _FAILS, _UNDECIDED = (label(word) for word in ("holds", "fails", "undecided"))
_RULES = table(
    ["Situation", "Verdict", "Agreement"],
    [
        ["Every interval lies inside its region", _HOLDS, "as measured"],
        ["An interval lies outside its region, also when widened", _FAILS, "as measured"],
        ["An interval straddles the edge of its region", _UNDECIDED, "as measured"],
        ["The effect is too small to count (see [trend](#trend))", _UNDECIDED, "as measured"],
        [
            "In some seeds the model leaves nothing to measure: units collapsed, or the decoder is constant",
            f"{_UNDECIDED}, if the other seeds would hold",
            "0 in these seeds",
        ],
        ["A control leaves nothing to gain in any seed ([uninformative](#uninformative))", _UNDECIDED, "0"],
        [f"Fewer than {SURVIVING_SHARE:.0%} of the seeds have the measurement", _UNDECIDED, "that of the other seeds"],
        [
            "A measure does not find a [plant](#plant)",
            "that of the other measures, under controls",
            "that of the others",
        ],
        [
            "A measure that misses a plant speaks against what the others say",
            f"{_UNDECIDED}, if the others would hold",
            "that of the others",
        ],
        ["No measure finds its plants", f"{_UNDECIDED} under controls", "none"],
        ["One condition has no meaning here", "that of the other conditions", "that of the other conditions"],
        ["No condition has a meaning here", label("not applicable"), "none"],
    ],
)

SECTIONS: dict[str, dict[str, str]] = {
    "What is run": {
        "claim": "A sentence of a paper, made testable. Its conditions say where measurements lie if it is true.",
        "task": "An experiment of a paper, with the claims that it tests. "
        "It fixes the data sets, the training and the measurements.",
        "variant": "A kind of VAE: a model and its objective. The suite trains all variants in the same way.",
        "network": "The architecture of encoder and decoder, for example `mlp` or `conv`.",
        "preset": "How long models are trained, and with how many seeds. `quick` only shows that everything runs. "
        "`standard` is the preset of the board. `paper` has the sizes of the papers.",
        "knob": "The one quantity that a task changes, for example the input noise. "
        "All else stays the same from one knob value to the next.",
        "strength": "The weight of a term in a variant's objective. Some tasks use it as their knob.",
        "seed": "The number that initial weights, batches, noise and random draws come from. "
        "Where a data set has no official split, each seed draws its data or divides them anew. "
        "The protocol of a task says so.",
        "cell": "One seed of a record.",
        "superseded": "Of a record: measured before its task or its data changed. It counts nowhere until it is run "
        "again.",
        "record": "All results of one variant with one network on one data set. It is for one task and one preset.",
        "arm": "One of several models that a cell measures. Claims are judged on the `trained` arm. "
        "Other arms are controls, judged by the same rules.",
        "analytic arm": "A model whose weights have a closed form. It is measured and judged like a trained model. "
        "Where a claim must fail on it, that shows that the claim can fail.",
        "twin": "The suite's variant that another variant extends by one term. "
        "A task that compares the two trains the twin as an arm.",
        "trust": "How far a row was checked. `self-reported`: only its sender's word. `verified`: ids, "
        "verdicts, invariants and sources follow from its files. `replayed`: we trained some cells again from its "
        "sources. `retrained by us`: all were. `trained by us`: it is one of the suite's own.",
    },
    "What is measured": {
        "measurement": "A number that an instrument takes of a model. Its error is that of the instrument.",
        "declined": "A measurement that does not exist for a model or a data set. The record gives the reason.",
        "reported only": "A measurement that is shown and not judged.",
        "estimate and interval": f"The mean over seeds, with its {_LEVEL} interval (Student's t). "
        "“±” gives half of the interval's width. The instrument's error is not added. "
        "How often intervals err is written in `vaebench/claims/__init__.py`.",
        "geometric mean": "The estimate of a measurement that is never negative and should be 0. "
        "Such a measurement has a long tail, and a t-interval of it is too short.",
        "active unit": "A latent unit that carries something: its posterior is narrower than the prior. "
        "The others have collapsed.",
        "T2": "(2/β)·σ²·‖J‖² + σ² of a latent unit, with its posterior scale σ and its column J of the decoder's "
        "Jacobian. It is 1 where the posterior's scale is the decoder's.",
        "exact interval": "The interval of a share of a few things. "
        f"With {_SEEDS} seeds its lower end is {_SUREST:.3f} at most. So {_SEEDS} seeds cannot show a share above .9.",
    },
    "How a claim is judged": {
        "condition": "A statistic of one or two measurements, and the region where it lies if the claim is true. "
        "A claim has one or more. With a knob, most conditions are checked at each knob value.",
        "verdict": "What the measurements say of a claim on one record. "
        "It is one of four words; see the [rules](#verdict-rules).",
        "holds": f"{SYMBOLS['holds']} Every condition has its {_LEVEL} interval inside its region.",
        "fails": f"{SYMBOLS['fails']} One condition has its interval outside its region. "
        "That interval is widened for the number of conditions (Bonferroni). "
        f"So a claim at the edge of all its regions fails by chance in {100 * (1 - LEVEL) / 2:g} % of cases at most, "
        "if seeds are normal.",
        "undecided": f"{SYMBOLS['undecided']} Neither of these. The [rules](#verdict-rules) list the causes.",
        "not applicable": f"{SYMBOLS['not applicable']} No condition has a meaning for this variant or data set.",
        "verdict rules": f"Each situation has its verdict and its agreement.\n\n{_RULES}",
        "trend": "A measurement falls or rises along the knob if two things are true. "
        f"It changes by {LEAST:.0%} or more from the first knob value to the last. "
        f"Kendall's τ is beyond 0 by its interval, and beyond ±{LEAST_TAU:g} in the mean over seeds. "
        "A mean of that size is three pairs of knob values in four. The course need not be monotone.",
        "log-ratio": "The logarithm of the last value over the first, along the knob. "
        "For example −0.69 is a fall to one half.",
        "uninformative": "A comparison that could not have shown anything. Its control leaves nothing to gain, "
        "or its interval is wider than all that the claim distinguishes. It is undecided and never fails.",
        "as published": "The verdict on the conditions that are the paper's own, or the nearest that can be taken. "
        "It says whether the observation replicates.",
        "under controls": "The verdict with every control of ours, on all conditions whose measure can tell. "
        "It says whether the interpretation stands.",
        "plant": "A model made so that the true answer is known. It is trained as an arm beside the judged models. "
        "A measure that misses a plant, or reads it the wrong way round, cannot tell what its claim says. "
        "Under controls a measure decides only where it finds all that was planted. One that misses a plant and speaks "
        "against the claim keeps it from holding. *In tests only*: no plant is "
        "trained beside the models, and those of the claim's instruments are tests of the suite.",
        "tolerance": "A number in a condition that is our own choice: how near is near, or which effect counts. "
        "Task pages say what the verdicts would be at half and at twice each of them.",
        "agreement": "How far a claim is true of a variant, from −1 to 1. It does not say how good the variant is. "
        "It is 1 where a condition is met in full, and 0 where the measurement would lie if the claim were false. "
        "Agreement is averaged over conditions, claims, data sets and seeds. It does not depend on other variants.",
        "invariant": "A statement that is true in every sound run. It is judged like a claim and has no agreement.",
    },
    "How rows compare": {
        "place": "A range on one task and data set. The best place is 1 + the number of rows that are significantly "
        "better. The worst is the number of rows − the number that are significantly worse. Two rows are compared on "
        "the claims that both have by the same measures, by Welch's test at 5 % of each pair: of 20 pairs that do not "
        "differ, one does so by chance. Nothing is filled in for what is missing.",
        "distinct model": "Records are one model if all measurements of the trained arm are equal up to rounding. "
        "They then count once.",
    },
}
"""By section, what each term means."""

_ANCHORS = {term: anchor(term) for entries in SECTIONS.values() for term in entries}


def glossary_page() -> str:
    """Write the glossary.

    Returns:
        Markdown.
    """
    parts = ["# Glossary", "The words on the [leaderboard](README.md), in short."]
    for section, entries in SECTIONS.items():
        parts.append(f"## {section}")
        for term, says in entries.items():
            parts += [f"### {term}", says]
    return "\n\n".join(parts) + "\n"


def link(term: str, says: str = "", up: str = "") -> str:
    """Link a word to its entry.

    Args:
        term: An entry's term.
        says: The word as it stands in the sentence; the term itself by default.
        up: The way from the page to the top of the board, for example ``../../``.

    Returns:
        A link in Markdown.

    Raises:
        KeyError: There is no such entry.

    Examples:
        >>> link("analytic arm", "analytic arms", "../../")
        '[analytic arms](../../glossary.md#analytic-arm)'
    """  # noqa: DOC502 - raised by the look-up
    return f"[{says or term}]({up}{GLOSSARY}#{_ANCHORS[term]})"
