"""The strict runner on broken notebooks, and the notebooks of the set: how they are written, and that they run."""

# ruff: noqa: F401, F811 (fixtures are imported by name)

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from built_report import Built, built
from golden_notebooks import GOLDEN, prepared
from golden_notebooks import PARAMETERS as PARAMETERS_OF_GOLDEN

from audit_lib.errors import DefinitionError, NotebookFailed
from audit_lib.report import run_notebook
from audit_lib.report.areas import CHAPTERS
from audit_lib.report.build import NOTEBOOKS
from audit_lib.report.runner import check_parameters

ROOT = NOTEBOOKS.parent
NAMES = [chapter.notebook for chapter in CHAPTERS]
PARAMETERS = {"data": "str", "period": "str", "criteria": "list", "compare_to": "str", "with_texts": "bool"}
every_notebook = pytest.mark.parametrize("name", NAMES)


def read(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)


def tiny(folder: Path, *sources: str, parameters: str | None = "n: int = 1\nword: str = 'a'") -> Path:
    """A notebook of a parameters cell and the given cells."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if parameters is not None:
        cell = nbformat.v4.new_code_cell(parameters)
        cell.metadata["tags"] = ["parameters"]
        notebook.cells.append(cell)
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in sources]
    path = folder / "tiny.ipynb"
    nbformat.write(notebook, path)
    return path


# the strict runner ---------------------------------------------------------------------------------------------------


def test_a_good_notebook_runs_and_says_nothing_of_this_machine(tmp_path: Path) -> None:
    out = run_notebook(tiny(tmp_path, "print(n + 1, word)"), tmp_path / "out.ipynb", {"n": 41})
    notebook = nbformat.read(out, 4)
    assert notebook.cells[-1].outputs[0].text == "42 a\n"
    assert str(tmp_path) not in out.read_text("utf-8") and "papermill" not in json.dumps(notebook.metadata)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out.ipynb", "tiny.ipynb"]


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    path = tiny(tmp_path, "print(n)")
    outs = [run_notebook(path, tmp_path / f"{i}.ipynb", {"n": 2}).read_bytes() for i in range(2)]
    assert outs[0] == outs[1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"m": 1}, "no parameter 'm', only n, word"),
        ({"n": "1"}, "parameter n must be int, not str"),
        ({"n": True}, "parameter n must be int, not bool"),
        ({"word": 3, "m": 1}, "parameter word must be str, not int; there is no parameter 'm'"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(message)):
        run_notebook(tiny(tmp_path, "print(1)"), tmp_path / "out.ipynb", given)
    assert not (tmp_path / "out.ipynb").exists()


def test_a_parameter_without_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="not annotated"):
        check_parameters(tiny(tmp_path, parameters="n = 1"), {"n": 2})


def test_a_list_that_json_cannot_say_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="JSON cannot say"):
        check_parameters(tiny(tmp_path, parameters="n: list = []"), {"n": [Path()]})


def test_a_notebook_without_parameters_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no cell tagged 'parameters'"):
        run_notebook(tiny(tmp_path, "print(1)", parameters=None), tmp_path / "out.ipynb", {})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise KeyError('no such thing')", "stopped with KeyError: 'no such thing'"),
        ("import sys; sys.exit(0)", "stopped with SystemExit|ended before cell"),
        ("import os; os._exit(0)", "the kernel died"),
        ("import time; time.sleep(60)", "longer than 3 seconds"),
    ],
    ids=["raise", "sys.exit", "dead kernel", "time-out"],
)
def test_a_notebook_that_does_not_reach_its_end_does_not_pass(tmp_path: Path, source: str, message: str) -> None:
    path = tiny(tmp_path, source, "print('after')")
    with pytest.raises(NotebookFailed, match=message):
        run_notebook(path, tmp_path / "out.ipynb", {}, timeout=3)
    assert not (tmp_path / "out.ipynb").exists()
    assert (tmp_path / "out.failed.ipynb").exists()
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith(".")]


# how the notebooks are written ---------------------------------------------------------------------------------------


def test_the_set_is_complete() -> None:
    assert sorted(file.stem for file in NOTEBOOKS.glob("*.ipynb")) == sorted(NAMES)


@every_notebook
def test_notebook_is_committed_without_outputs(name: str) -> None:
    for cell in read(name).cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@every_notebook
def test_notebook_has_stable_ids_and_is_valid(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert ids == [f"n{name[:2]}-{number:02d}" for number in range(len(ids))]


@every_notebook
def test_notebook_explains_itself(name: str) -> None:
    cells = read(name).cells
    assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# ") and len(cells[0].source) > 120
    for above, cell in itertools.pairwise(cells):
        if cell.cell_type == "code":
            assert above.cell_type == "markdown", cell.source


@every_notebook
def test_parameters_are_annotated_literals(name: str) -> None:
    (cell,) = [cell for cell in read(name).cells if "parameters" in cell.metadata.get("tags", [])]
    found = {}
    for statement in ast.parse(cell.source).body:
        assert isinstance(statement, ast.AnnAssign) and statement.value is not None
        assert isinstance(statement.target, ast.Name) and isinstance(statement.annotation, ast.Name)
        ast.literal_eval(statement.value)
        found[statement.target.id] = statement.annotation.id
    assert found == PARAMETERS


@every_notebook
def test_notebook_defines_nothing_and_holds_no_sql(name: str) -> None:
    sources = [cell.source for cell in read(name).cells if cell.cell_type == "code"]
    for node in ast.walk(ast.parse("\n".join(sources))):
        assert not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))
    code = "\n".join(sources)
    assert not re.search(r"\bselect\b|\.sql\(|sys\.path|%%|^!", code, re.IGNORECASE | re.MULTILINE)


@every_notebook
def test_no_figure_is_typed_into_the_story(name: str) -> None:
    """Numbers come from the run. The age of 13 is the law's, not a figure."""
    for cell in read(name).cells:
        if cell.cell_type == "markdown":
            assert not set(re.findall(r"\d+", cell.source)) - {"13"}, cell.source


# that they run -------------------------------------------------------------------------------------------------------


@every_notebook
def test_notebook_ran_to_its_end_in_the_report(name: str, built: Built) -> None:
    notebook = nbformat.read(built.folder / "notebooks" / f"{name}.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not [o for cell in code for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"]
    shown = [cell for cell in code if cell.outputs]
    assert len(shown) >= len(code) - 2  # the parameters, given and injected, show nothing


def test_plain_papermill_runs_a_notebook_from_the_root(tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    arguments = ["notebooks/20_rights_requests.ipynb", str(out), "-p", "data", "data_samples", "-p", "period", "2018-Q3"]
    done = subprocess.run([sys.executable, "-m", "papermill", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert nbformat.read(out, 4).metadata.papermill.exception is None


def test_a_notebook_opened_in_its_own_folder_finds_the_samples(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    shutil.copytree(ROOT / "data_samples", tmp_path / "data_samples")
    probe = (
        "from audit_lib.report.notebook import open_for_notebook\n"
        "print(open_for_notebook('data_samples', period='2018-Q3').period)"
    )
    command = [sys.executable, "-c", probe]
    done = subprocess.run(command, cwd=tmp_path / "notebooks", capture_output=True, text=True, check=False, env=_with_package())
    assert done.stdout.strip() == "2018-Q3", done.stderr[-2000:]


def _with_package() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_wrong_folder_is_one_sentence_in_a_notebook(tmp_path: Path) -> None:
    with pytest.raises(NotebookFailed) as failed:
        run_notebook(NOTEBOOKS / "00_inputs.ipynb", tmp_path / "out.ipynb", {"data": "no_such_folder"})
    assert "no_such_folder" in str(failed.value)
    shown = nbformat.read(tmp_path / "out.failed.ipynb", 4)
    (error,) = [o for cell in shown.cells if cell.cell_type == "code" for o in cell.outputs if o.output_type == "error"]
    assert len(error.traceback) == 1 and "Traceback" not in error.traceback[0]


# golden notebooks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(PARAMETERS_OF_GOLDEN))
def test_golden_notebook_is_the_one_of_the_set(name: str) -> None:
    golden, notebook = nbformat.read(GOLDEN / f"{name}.ipynb", 4), prepared(name)
    assert [cell.source for cell in golden.cells] == [cell.source for cell in notebook.cells], "run python tests/golden_notebooks.py"
    compared = [cell for cell in golden.cells if cell.cell_type == "code" and cell.outputs]
    assert len(compared) > 3
