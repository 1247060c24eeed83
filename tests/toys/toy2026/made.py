"""What the tests' own instruments give; whoever runs one says what it does."""

from vaebench.measures.declared import gives


@gives("scale")
def scale(probe):
    raise NotImplementedError


@gives("drawn")
def drawn(probe):
    raise NotImplementedError


@gives("apart", "together")
def compared(cohort):
    raise NotImplementedError


@gives()
def nothing(probe):
    raise NotImplementedError


@gives("r", "c", "s", "gap")
def one(probe):
    raise NotImplementedError


@gives("weight_#", "likeness__*__*", "{first,last}_layer{,_biased}")
def families(probe):
    raise NotImplementedError


def silent(probe):
    raise NotImplementedError
