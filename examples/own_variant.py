"""From a variant of one's own to its verdicts: run `capacity_vae.py` on one task, and print what came out.

The quick preset takes about a minute on two cores. It proves that everything runs; its verdicts are no results.
"""

from pathlib import Path

import vaebench

HERE = Path(__file__).parent

records = vaebench.run(
    HERE / "capacity_vae.py",
    tasks="camuto2021_variance_frequency",
    preset="quick",
    seeds=2,
    out=Path("runs") / "examples",
)
for record in records:
    print(record.subject.file_name)
    for verdict in record.verdicts:
        print(f"  {verdict.claim}: {verdict.word}")

# One measurement along the knob, each seed by itself: how much of the decoder's energy is of high frequency.
sweep = records[0].table.sweep("decoder_high_frequency_share", "trained")
for seed, values in sweep.values.items():
    course = zip(sweep.knobs, values, strict=True)
    print(f"  seed {seed}:", ", ".join(f"σ = {knob:g}: {value:.3f}" for knob, value in course))

# The records are files, and can be read again.
assert vaebench.load_records(Path("runs") / "examples")
