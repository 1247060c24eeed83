"""Which files a variant is made of: whatever way it imports them, and none of what is installed."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaebench import catalog
from vaebench.fingerprint import source_hash
from vaebench.sources import local_sources

HEADER = "from vaebench.models import Variant, autoencoder, negative_elbo\nimport torch, numpy as np\n"
VARIANT = "VARIANT = Variant(name='mine', source='here', build=autoencoder, objective=negative_elbo(), kl_weight=1.0)\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with helpers: a module, a package, and a module that imports another from inside a function."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in {
        "a_helper.py": "WIDTH = 8\n",
        "a_lazy_one.py": "def width():\n    import a_helper\n    return a_helper.WIDTH\n",
        "a_package/__init__.py": "",
        "a_package/widths.py": "WIDTH = 8\n",
        "a_package/page.py": HEADER + "from .widths import WIDTH\n" + VARIANT,
        "unused.py": "WIDTH = 8\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(("a_helper", "a_lazy_one", "a_package"))]:
        del sys.modules[name]


WAYS = {
    "a statement": ("import a_helper", "a_helper.py"),
    "another name": ("import a_helper as h", "a_helper.py"),
    "some of its names": ("from a_helper import WIDTH", "a_helper.py"),
    "all of its names": ("from a_helper import *", "a_helper.py"),
    "inside a function": ("def build(*a):\n    import a_helper", "a_helper.py"),
    "by another module, inside a function": ("import a_lazy_one", "a_helper.py"),
    "by the other module": ("import a_lazy_one", "a_lazy_one.py"),
    "a module of a package": ("import a_package.widths", "a_package/widths.py"),
    "a module of a package, by name": ("from a_package import widths", "a_package/widths.py"),
    "a package's own file": ("from a_package.widths import WIDTH", "a_package/__init__.py"),
    "import_module": ("import importlib\nh = importlib.import_module('a_helper')", "a_helper.py"),
    "import_module, by name": ("from importlib import import_module\nimport_module('a_helper')", "a_helper.py"),
    "import_module inside a function": (
        "import importlib\ndef b():\n    importlib.import_module('a_helper')",
        "a_helper.py",
    ),
    "import_module of a module of a package": (
        "import importlib\nimportlib.import_module('.widths', 'a_package')",
        "a_package/widths.py",
    ),
    "__import__": ("__import__('a_helper')", "a_helper.py"),
    "a loader by path": ("from pathlib import Path\nF = Path(__file__).with_name('a_helper.py')", "a_helper.py"),
    "type checking alone": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a_helper", "a_helper.py"),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_edit_to_what_a_file_imports_changes_its_hash(way: str, folder: Path):
    text, helper = WAYS[way]
    (folder / "mine.py").write_text(HEADER + text + "\n" + VARIANT)
    reference = str(folder / "mine.py")
    before = catalog.variant(reference).code_hash
    (folder / helper).write_text((folder / helper).read_text() + "EDITED = 1\n")
    edited = catalog.variant(reference).code_hash
    assert edited != before
    (folder / "unused.py").write_text("WIDTH = 64\n")
    assert catalog.variant(reference).code_hash == edited


@pytest.mark.parametrize("helper", ["a_package/widths.py", "a_package/page.py", "a_package/__init__.py"])
def test_an_edit_to_a_package_changes_the_hash_of_its_variants(helper: str, folder: Path):
    before = catalog.variant("a_package.page:VARIANT").code_hash
    (folder / helper).write_text((folder / helper).read_text() + "EDITED = 1\n")
    assert catalog.variant("a_package.page:VARIANT").code_hash != before


def test_a_hash_is_the_same_before_and_after_a_module_is_imported(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """A helper that is imported when a model is built was seen from the second cell on: a process refused that cell."""
    text = f"""
        def build(*arguments):
            import sys
            sys.path.insert(0, {str(folder / "inner")!r})
            import an_inner_one
            return autoencoder(*arguments)
        """
    (folder / "inner").mkdir()
    (folder / "inner" / "an_inner_one.py").write_text("A = 1\n")
    for name in ("a_helper", "an_inner_one"):
        reference = str(folder / "inner" / f"uses_{name}.py")
        Path(reference).write_text(HEADER + textwrap.dedent(text).replace("an_inner_one", name) + VARIANT)
        before = catalog.variant(reference)
        monkeypatch.setattr(sys, "path", [str(folder / "inner"), *sys.path])
        __import__(name)
        assert catalog.variant(reference).code_hash == before.code_hash


def test_of_the_suite_only_what_no_room_covers_is_followed(folder: Path):
    (folder / "mine.py").write_text(
        HEADER + "from vaebench.variants.vae import VARIANT as V\nfrom vaebench.variants import iwae\n" + VARIANT
    )
    found = local_sources(folder / "mine.py", "", catalog.PACKAGE)
    pages = {(catalog.PACKAGE / "variants" / f"{name}.py").resolve() for name in ("__init__", "vae", "iwae")}
    assert found == {(folder / "mine.py").resolve(), *pages}


def test_what_is_installed_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    installed = folder / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "an_installed_one.py").write_text("import a_helper\n")
    monkeypatch.syspath_prepend(str(installed))
    (folder / "mine.py").write_text(HEADER + "import an_installed_one, json, sklearn.datasets\n" + VARIANT)
    assert local_sources(folder / "mine.py", "", catalog.PACKAGE) == {(folder / "mine.py").resolve()}


@pytest.mark.parametrize("content", [b"def broken(:\n", b"A = '\xff'\n", b"\0"])
def test_a_helper_that_is_no_python_counts_by_its_bytes(content: bytes, folder: Path):
    (folder / "mine.py").write_text(HEADER + "def build():\n    import a_helper\n" + VARIANT)
    hashes = {catalog.variant(str(folder / "mine.py")).code_hash}
    for more in (b"", b"#"):
        (folder / "a_helper.py").write_bytes(content + more)
        hashes.add(catalog.variant(str(folder / "mine.py")).code_hash)
    assert len(hashes) == 3
    assert source_hash([folder / "a_helper.py"]) == source_hash([folder / "a_helper.py"])


def test_an_adapter_counts_in_the_hash_of_a_variant_that_uses_it():
    examples = catalog.PACKAGE.parent / "examples"
    found = local_sources(examples / "autoencoder_kl.py", "", catalog.PACKAGE)
    names = {path.relative_to(catalog.PACKAGE).as_posix() for path in found if path.is_relative_to(catalog.PACKAGE)}
    assert names == {"adapters/__init__.py", "adapters/diffusers.py"}
