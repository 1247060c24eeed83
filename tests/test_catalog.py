"""Laws of names: an unknown one lists the known, a variant comes from where it is said, and a bad one is one line."""

import ast
import importlib
import re

import pytest
import real_files

from vaebench import catalog
from vaebench.catalog import BadVariant, UnknownName
from vaebench.data import Unavailable
from vaebench.mistakes import Mistake

GOOD = """
from vaebench.models import Variant, autoencoder, negative_elbo

VARIANT = Variant(
    name="mine", source="here", build=autoencoder, objective=negative_elbo(3.0), kl_weight=3.0
)
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    return write


LISTS = {
    "task": (catalog.task, catalog.task_names),
    "variant": (catalog.variant, catalog.variant_names),
    "dataset": (catalog.dataset, catalog.dataset_names),
}


@pytest.mark.parametrize("kind", LISTS)
def test_an_unknown_name_lists_all_that_is_known_and_the_nearest_first(kind):
    find, names = LISTS[kind]
    typo = names()[0][:-1]
    listed = re.escape(", ".join(names()))
    with pytest.raises(UnknownName, match=rf"^unknown {kind} '{typo}'; the nearest: [\w, ]+; there are: {listed}$"):
        find(typo)
    with pytest.raises(UnknownName, match=rf"^unknown {kind} 'qqqq'; there are: {listed}$"):
        find("qqqq")


def test_the_suggestion_is_the_nearest():
    with pytest.raises(Mistake, match="the nearest: beta_vae"):
        catalog.checked("variant", "betavae", catalog.variant_names())
    assert catalog.checked("variant", "vae", catalog.variant_names()) == "vae"


@pytest.mark.parametrize("name", catalog.task_names())
def test_a_task_is_found_under_its_own_name(name):
    assert catalog.task(name).name == name
    assert len(catalog.task_text(name)) > 100


@pytest.mark.parametrize("name", catalog.variant_names())
def test_the_suites_own_variants_bear_the_names_of_their_files(name):
    assert catalog.variant(name).variant.name == name


@pytest.mark.parametrize("name", catalog.task_names())
def test_every_name_that_a_task_uses_is_known(name):
    task = catalog.task(name)
    for instrument in task.instruments + task.comparisons:
        assert callable(catalog.instrument(task.paper, instrument))
    for arm in task.arms:
        if arm.variant not in ("own", "twin"):
            catalog.checked("variant", arm.variant, catalog.variant_names())
    for data in task.datasets:
        catalog.check_dataset(data)


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("papers", catalog.task_names()),
        ("variants", catalog.variant_names()),
        ("data", catalog.dataset_names()),
        ("models/networks", catalog.arch_names()),
    ],
)
def test_every_page_says_in_one_line_what_it_is(folder, names):
    for name in names:
        assert len(catalog.summary(folder, name)) > 20, name
        assert not name.startswith("_")


def test_a_file_is_a_variant(written):
    brought = catalog.variant(written(GOOD))
    assert (brought.variant.name, brought.variant.kl_weight) == ("mine", 3.0)


def test_the_code_hash_of_a_package_is_that_of_all_its_files(tmp_path, monkeypatch):
    (tmp_path / "brought_package").mkdir()
    for name, text in (("__init__", ""), ("weights", "A = 1"), ("variants", GOOD)):
        (tmp_path / "brought_package" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = catalog.variant("brought_package.variants:VARIANT").code_hash
    assert catalog.variant("brought_package.variants:VARIANT").code_hash == before
    (tmp_path / "brought_package" / "weights.py").write_text("A = 2")
    assert catalog.variant("brought_package.variants:VARIANT").code_hash != before


def test_a_file_that_ends_the_program_is_a_bad_variant(written):
    with pytest.raises(BadVariant, match=r"cannot be loaded: SystemExit: 0$"):
        catalog.variant(written("import sys\nsys.exit(0)"))


HELPED = (
    """
from torch import nn
import helper_of_mine
from helper_of_mine.widths import WIDTH
"""
    + GOOD
)


def test_the_code_hash_covers_what_the_file_imports_from_outside_installed_packages(written, tmp_path, monkeypatch):
    """A width that changed in a helper was served from the journal under the old hash."""
    monkeypatch.syspath_prepend(str(tmp_path))
    helper = tmp_path / "helper_of_mine"
    helper.mkdir()
    (helper / "__init__.py").write_text("import json\n")
    (helper / "widths.py").write_text("from . import deeper\nWIDTH = 8\n")
    (helper / "deeper.py").write_text("A = 1\n")
    (helper / "unused.py").write_text("A = 1\n")
    plain, path = catalog.variant(written(GOOD)).code_hash, written(HELPED)
    hashes = [plain, catalog.variant(path).code_hash]
    for name, text in (("widths", "from . import deeper\nWIDTH = 64\n"), ("deeper", "A = 2\n")):
        (helper / f"{name}.py").write_text(text)
        hashes.append(catalog.variant(path).code_hash)
    assert len(set(hashes)) == 4
    (helper / "unused.py").write_text("A = 2\n")
    (helper / "deeper.py").write_text("A = 2  # two\n")
    assert catalog.variant(path).code_hash == hashes[-1]


def test_the_suites_own_variants_are_hashed_by_their_pages_alone():
    assert {name: catalog.variant(name).code_hash for name in catalog.variant_names()} == catalog.variant_hashes()


def test_the_code_hash_is_that_of_the_file(written):
    one, other = (catalog.variant(written(text)).code_hash for text in (GOOD, GOOD.replace("3.0", "4.0")))
    assert one != other
    assert catalog.variant(written("# a note\n" + GOOD)).code_hash == one


def test_a_file_read_twice_is_run_twice(written):
    path = written(GOOD)
    catalog.variant(path)
    written(GOOD.replace("3.0", "4.0"))
    assert catalog.variant(path).variant.kl_weight == 4.0


def test_a_package_is_a_variant(written, tmp_path, monkeypatch):
    written("", "somebodys_package/__init__.py")
    written(GOOD.replace("VARIANT", "THEIRS"), "somebodys_package/page.py")
    monkeypatch.syspath_prepend(tmp_path)
    assert catalog.variant("somebodys_package.page:THEIRS").variant.name == "mine"
    with pytest.raises(BadVariant, match=r"^somebodys_package\.page:OTHER defines no OTHER of type"):
        catalog.variant("somebodys_package.page:OTHER")


def test_a_package_that_is_not_there_says_so():
    with pytest.raises(BadVariant, match=r"^no_such_package:X cannot be loaded: ModuleNotFoundError: No module named"):
        catalog.variant("no_such_package:X")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(BadVariant, match=r"^there is no file .*nowhere\.py$"):
        catalog.variant(str(tmp_path / "nowhere.py"))
    with pytest.raises(BadVariant, match=r"^there is no file .*$"):
        catalog.check_variant(str(tmp_path) + "/.py")
    with pytest.raises(BadVariant, match=r"^there is no file a+\.py$"):
        catalog.check_variant(5000 * "a" + ".py")
    with pytest.raises(UnknownName, match=r"^unknown variant 'a+'; there are: "):
        catalog.check_variant(5000 * "a")


BROKEN = {
    "syntax": ("def broken(:\n", "SyntaxError: invalid syntax"),
    "import": ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
    "raises": ("raise RuntimeError('on purpose')\n", "RuntimeError: on purpose"),
    "name": (GOOD.replace('"mine"', '"My VAE"'), "ValueError: a variant's name is lower-case letters"),
    "weight": (GOOD.replace("kl_weight=3.0", "kl_weight=0.0"), "ValueError: kl_weight is above 0 or None"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_says_what_is_broken(written, what):
    text, says = BROKEN[what]
    with pytest.raises(BadVariant, match=rf"mine\.py cannot be loaded: {re.escape(says)}"):
        catalog.variant(written(text))


@pytest.mark.parametrize("text", ["", "VARIANT = 'a string'", GOOD.replace("VARIANT", "MINE")])
def test_a_file_without_a_variant_is_told_what_is_missing(written, text):
    with pytest.raises(
        BadVariant, match=r"mine\.py defines no VARIANT of type vaebench\.models\.Variant: write VARIANT = Variant"
    ):
        catalog.variant(written(text))


def test_the_names_of_the_suites_own_variants_are_taken(written):
    with pytest.raises(BadVariant, match=r"the name beta_vae is taken by one of the suite's own$"):
        catalog.variant(written(GOOD.replace('"mine"', '"beta_vae"')))


def test_checking_a_variant_runs_none_of_its_code(written):
    catalog.check_variant(written("raise RuntimeError"))
    catalog.check_variant("no_such_package:X")
    with pytest.raises(UnknownName, match="unknown variant 'betavae'"):
        catalog.check_variant("betavae")


def test_sizes_of_a_data_set():
    assert catalog.check_dataset("sprites") == ("sprites", None)
    assert catalog.check_dataset("sprites16") == ("sprites", 16)
    assert catalog.dataset("sprites16").shape == (1, 16, 16)
    assert catalog.dataset("sprites16").name == "sprites16"


def test_a_size_that_is_not_made_lists_those_that_are():
    with pytest.raises(UnknownName, match=r"^unknown dataset 'sprites17'; sprites comes as: sprites, sprites\d+"):
        catalog.dataset("sprites17")


def test_a_data_set_has_one_name():
    with pytest.raises(UnknownName, match=r"^unknown dataset 'sprites32'; sprites comes as: sprites, sprites16"):
        catalog.dataset("sprites32")
    with pytest.raises(UnknownName, match=r"^unknown dataset 'digits8'; digits comes as: digits$"):
        catalog.dataset("digits8")


def test_data_that_need_a_download_are_looked_for_under_the_root_alone(unpinned, tmp_path):
    parts = real_files.mnist(tmp_path)
    assert len(catalog.dataset("mnist", tmp_path).train.x) == len(parts["train"][0])
    with pytest.raises(
        Unavailable, match=r"^mnist is not under .*elsewhere: there is no MNIST/raw/train-images-idx3-ubyte;"
    ):
        catalog.dataset("mnist", tmp_path / "elsewhere")
    assert issubclass(Unavailable, Mistake)
    assert catalog.dataset("digits", tmp_path / "elsewhere").name == "digits"
    with pytest.raises(UnknownName, match=r"^unknown dataset 'mnist32'; mnist comes as: mnist$"):
        catalog.dataset("mnist32", tmp_path)


def test_no_task_uses_data_that_need_a_download_unless_asked():
    for task in map(catalog.task, catalog.task_names()):
        for name in task.datasets:
            page, _ = catalog.check_dataset(name)
            assert not hasattr(importlib.import_module(f"vaebench.data.{page}"), "FILES"), name


@pytest.mark.parametrize(
    "name",
    ["", "8", "sprite16", "sprites 16", "a\nb", "sprites\n16", "sprites16\n", "digits\n", "sprites016", "sprites٣"],
)
def test_a_name_that_is_no_data_set_is_unknown(name):
    with pytest.raises(UnknownName, match=rf"^unknown dataset {re.escape(repr(name))}; ") as raised:
        catalog.check_dataset(name)
    assert "\n" not in str(raised.value)


def test_a_size_of_more_digits_than_a_number_may_have_is_unknown():
    with pytest.raises(UnknownName, match=r"^unknown dataset 'sprites9+'; sprites comes as: "):
        catalog.check_dataset("sprites" + 5000 * "9")


@pytest.mark.parametrize("name", catalog.dataset_names())
def test_a_data_sets_version_is_read_without_importing(name):
    version, code_hash = catalog.dataset_version(name)
    assert isinstance(version, int)
    assert re.fullmatch("[0-9a-f]{16}", code_hash)


def test_the_hash_of_a_data_set_covers_the_private_pages_that_it_imports(tmp_path, monkeypatch):
    page = "from vaebench.data._made import law\nVERSION = 1\n"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "some.py").write_text(page)
    (tmp_path / "data" / "_made.py").write_text("law = 1")
    monkeypatch.setattr(catalog, "PACKAGE", tmp_path)
    one = catalog.dataset_version("some")
    (tmp_path / "data" / "_made.py").write_text("law = 2")
    assert one[0] == catalog.dataset_version("some")[0] == 1
    assert one[1] != catalog.dataset_version("some")[1]


@pytest.mark.parametrize(
    "imported",
    [
        "from vaebench.data import _made",
        "import vaebench.data._made",
        "from vaebench.data._between import a",
        "from . import _made",
    ],
)
def test_the_hash_of_a_data_set_covers_what_its_private_pages_import_too(imported, tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    (data / "__init__.py").write_text("SHARED = 1\n")
    (data / "some.py").write_text(f"{imported}\nfrom vaebench.data import Dataset\nVERSION = 1\n")
    (data / "_between.py").write_text("from vaebench.data._made import law as a\n")
    (data / "_made.py").write_text("law = 1")
    (data / "other.py").write_text("law = 1")
    monkeypatch.setattr(catalog, "PACKAGE", tmp_path)
    before = catalog.dataset_version("some")
    for file in ("__init__", "other"):
        (data / f"{file}.py").write_text("law = 2")
    assert catalog.dataset_version("some") == before
    (data / "_made.py").write_text("law = 2")
    assert catalog.dataset_version("some") != before


def test_only_data_that_have_files_have_a_hash_of_their_bytes(tmp_path):
    real_files.mnist(tmp_path / "one")
    real_files.mnist(tmp_path / "two")
    assert catalog.dataset_files("digits", tmp_path / "nowhere") is None
    assert catalog.dataset_files("sprites16", tmp_path / "nowhere") is None
    one = catalog.dataset_files("mnist", tmp_path / "one")
    assert re.fullmatch("[0-9a-f]{16}", one)
    assert catalog.dataset_files("mnist", tmp_path / "two") == one
    path = tmp_path / "two" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\7")
    assert catalog.dataset_files("mnist", tmp_path / "two") != one
    with pytest.raises(Unavailable, match=r"^fashion_mnist under .*one cannot be read: No such file or directory$"):
        catalog.dataset_files("fashion_mnist", tmp_path / "one")


def test_data_sets_with_budgets_of_their_own_are_known():
    for task in map(catalog.task, catalog.task_names()):
        for name, budgets in task.budgets_on.items():
            catalog.check_dataset(name)
            assert set(budgets) <= set(task.budgets)


def test_the_paper_wing_of_the_catalog_names_torch_nowhere_at_the_top():
    tree = ast.parse((catalog.PACKAGE / "catalog.py").read_text("utf-8"))
    imported = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not any("torch" in line or "vaebench.models" in line for line in imported)


def test_the_suites_own_variants_have_the_hashes_that_a_run_gives_them():
    hashes = catalog.variant_hashes()
    assert hashes.keys() == set(catalog.variant_names())
    for name in ("vae", "iwae"):
        assert catalog.variant(name).code_hash == hashes[name]


def test_a_data_set_comes_in_its_sizes_and_no_others():
    assert catalog.dataset_sizes("sprites") == ("sprites", "sprites16", "sprites64")
    assert catalog.dataset_sizes("digits") == ("digits",)
    assert catalog.check_dataset("sprites16") == ("sprites", 16)
    for name in ("sprites32", "sprites48", "digits999", "digits8"):
        with pytest.raises(UnknownName, match=rf"^unknown dataset '{name}'; \w+ comes as: "):
            catalog.check_dataset(name)


@pytest.mark.parametrize("name", catalog.task_names())
def test_every_task_lists_its_versions_with_their_days(name):
    days = [version.since for version in catalog.task(name).versions]
    assert days
    assert all(re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", day) for day in days)
    assert days == sorted(days)


def test_a_file_named_without_its_ending_or_with_commas_is_told_how_to_be_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("raise SystemExit")
    with pytest.raises(UnknownName, match=r"unknown variant 'mine'.*mine\.py"):
        catalog.check_variant("mine")
    with pytest.raises(BadVariant, match=r"there is no file mine\.py,other\.py; .*spaces"):
        catalog.check_variant("mine.py,other.py")
    (tmp_path / "vae.py").write_text("raise SystemExit")
    catalog.check_variant("vae")  # the suite's own
