"""What the timings were taken with.

Of an environment that it did not build, asv stores the path of the Python and no version of anything. It does store the
parameters of each benchmark, so a version that is a parameter lies in the file of results beside every timing.
"""

import platform

import torch

from vaebench.environment import processor_name


class Versions:
    params = (
        (platform.python_version(),),
        (torch.__version__,),
        (str(torch.get_num_threads()),),
        (processor_name(),),
    )
    param_names = ("python", "torch", "threads", "processor")
    unit = "major.minor"

    def track_torch_version(self, _python: str, version: str, _threads: str, _processor: str) -> float:
        """Version as a number that sorts: 2.015 for 2.15."""
        major, minor = version.split(".")[:2]
        return int(major) + int(minor) / 1000
