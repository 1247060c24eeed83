"""Instruments: each takes a trained model and data and gives measurements; none trains, none judges.

An instrument is a function ``(Probe) -> tuple[Measurement, ...]``, asked for as ``module.function`` of a paper's folder
or of this one, which holds those that several papers share. It declares what it gives (`declared.gives`). A comparison
looks at all models of one cell together: ``(Cohort) -> tuple[tuple[knob value, Measurement], ...]``.

Most instruments read real codes. A complex code is read as its real and imaginary part, √2 of each, which turns its
prior into the standard normal and changes no divergence, see `model_view`.
"""
