"""Instruments: each takes a trained model and data and gives measurements; none trains, none judges.

An instrument is a function ``(trained, data, effort, rng) -> tuple[Measurement, ...]``, asked for as
``module.function`` of this folder. A comparison reads several models of one cell together: it is given them by arm and
knob value, ``(models, data, effort, rng) -> tuple[tuple[knob value, Measurement], ...]``.

Most instruments read real codes. A complex code is read as its real and imaginary part, √2 of each, which turns its
prior into the standard normal and changes no divergence, see `_subject`.
"""
