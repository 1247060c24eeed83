"""Instruments: each takes a trained model and data and gives measurements. None trains and none judges.

An instrument is a function ``(Probe) -> tuple[Measurement, ...]``. Its name is ``module.function``, of a paper's folder
or of this one, which holds those that papers share. It declares its measurements (`declared.gives`). A comparison looks
at all models of one cell together: ``(Cohort) -> tuple[tuple[knob value, Measurement], ...]``.

Most instruments take real codes. A complex code is read as √2 times its real and imaginary parts. This makes its prior
the standard normal and changes no divergence, see `model_view`.
"""
