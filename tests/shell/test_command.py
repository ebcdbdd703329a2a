"""`python -m pytest_jaxcost`: what it prints and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import measure
from pytest_jaxcost.shell.command import main

from . import programs

HERE = "tests.shell.programs"
MATRIX = jax.ShapeDtypeStruct((64, 64), jnp.float32)
VECTOR = jax.ShapeDtypeStruct((64,), jnp.float32)
ARGUMENTS = ["f32[64,64]", "f32[64]"]

Captured = pytest.CaptureFixture[str]


def told(capsys: Captured, *arguments: str) -> str:
    """What is printed as an error by a command that cannot be meant."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.partition("error: ")[2].strip()


def test_the_report_is_printed(capsys: Captured) -> None:
    assert main([f"{HERE}:loss", *ARGUMENTS]) == 0
    assert capsys.readouterr().out == f"{measure(programs.loss, (MATRIX, VECTOR))}\n"


def test_as_json(capsys: Captured) -> None:
    assert main([f"{HERE}:loss", *ARGUMENTS, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    expected = measure(programs.loss, (MATRIX, VECTOR)).to_dict()
    assert data == json.loads(json.dumps(expected))


DERIVATIVES: list[tuple[list[str], Callable[..., Any]]] = [
    (["--grad", "0"], jax.grad(programs.loss)),
    (["--grad", "1"], jax.grad(programs.loss, 1)),
    (["--grad", "0,1"], jax.grad(programs.loss, (0, 1))),
    (["--value-and-grad", "0"], jax.value_and_grad(programs.loss)),
    (["--jacfwd", "1"], jax.jacfwd(programs.loss, 1)),
    (["--jacrev", "1"], jax.jacrev(programs.loss, 1)),
    (["--hessian", "1"], jax.hessian(programs.loss, 1)),
]


@pytest.mark.parametrize(("options", "fn"), DERIVATIVES)
def test_derivatives(capsys: Captured, options: list[str], fn: Callable[..., Any]) -> None:
    assert main([f"{HERE}:loss", *ARGUMENTS, *options, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    report = measure(fn, (MATRIX, VECTOR))
    assert data["name"] == report.name
    assert data["primitives"] == dict(report.primitives)
    assert data["metrics"]["flops"] == report.flops


def test_pytrees_keys_and_dotted_names(capsys: Captured) -> None:
    assert main([f"{HERE}:model", "{'w': 'f32[3,3]', 'b': 1.0}", "f32[3]"]) == 0
    assert main([f"{HERE}:drawn", "key<fry>[]"]) == 0
    assert main([f"{HERE}:Model.loss", "f32[3]"]) == 0
    printed = capsys.readouterr().out
    assert "dot_general 1" in printed
    assert "random_bits 1" in printed
    assert "reduce_sum 1" in printed


def test_a_target_is_compiled_for(capsys: Captured) -> None:
    assert main([f"{HERE}:twice", "f32[64]", "--target", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["compiled.argument_bytes"] == 256


def test_limits_are_judged(capsys: Captured) -> None:
    assert main([f"{HERE}:twice", "f32[64]", "--max", "duplicates=1"]) == 0
    assert capsys.readouterr().err == ""
    arguments = ["--max", "duplicates=0", "--max", "flops=1 MFLOP"]
    assert main([f"{HERE}:twice", "f32[64]", *arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("twice ")
    assert "jaxcost: duplicates 1 > 0   twice" in printed.err
    assert "within limits: flops 64 FLOP of 1 MFLOP" in printed.err


WRONG = [
    ([], "the following arguments are required: function"),
    (["loss"], "'loss' names no function; accepted is package.module:function"),
    (["no_such:loss"], "'no_such:loss': there is no module 'no_such' here or installed; accepted"),
    (["tests.no_such:loss"], "'tests.no_such:loss': there is no module 'tests."),
    (
        [f"{HERE}:los"],
        f"'{HERE}:los': {HERE} has no 'los'; did you mean 'loss'?",
    ),
    ([f"{HERE}:Model.los"], f"'{HERE}:Model.los': Model has no 'los'"),
    ([f"{HERE}:NUMBER"], f"'{HERE}:NUMBER' is int 3, and no function"),
    ([f"{HERE}:loss", "f32(3)"], "argument argument: 'f32(3)' is no argument; accepted are"),
    (
        [f"{HERE}:loss", "--grad", "x"],
        "argument --grad: 'x' are no positions of arguments; accepted are 0, or 0,1",
    ),
    ([f"{HERE}:loss", "--grad", "0", "--jacfwd", "0"], "argument --jacfwd: not allowed with"),
    (
        [f"{HERE}:loss", "--max", "duplicates"],
        "argument --max: 'duplicates' is no limit; accepted is NAME=BOUND, as in flops='2 GFLOP'",
    ),
    ([f"{HERE}:loss", *ARGUMENTS, "--target", "cpi"], "no target"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_what_is_wrong_is_said(capsys: Captured, arguments: list[str], said: str) -> None:
    assert said in told(capsys, *arguments)


def test_a_wrong_limit_is_said_before_anything_is_printed(capsys: Captured) -> None:
    said = told(capsys, f"{HERE}:loss", *ARGUMENTS, "--max", "duplicats=0")
    assert "'max_duplicats'" in said
    assert "max_duplicates" in said


def test_what_a_module_raises_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_here.py").write_text("raise ValueError('mine')")
    (tmp_path / "needs_more.py").write_text("import no_such_thing")
    with pytest.raises(ValueError, match="mine"):
        main(["broken_here:f"])
    with pytest.raises(ModuleNotFoundError, match="no_such_thing"):
        main(["needs_more:f"])


def shell(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "pytest_jaxcost", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_from_a_shell_the_module_is_found_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import jax.numpy as jnp\ndef f(x):\n    return jnp.sin(x) + jnp.sin(x)\n"
    )
    ended = shell(tmp_path, "mine:f", "f32[8]", "--max", "duplicates=0", "--json")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["primitives"] == {"add": 1, "sin": 2}
    assert "mine.py:3 in f" in ended.stderr


def test_help_shows_how_it_is_called(tmp_path: Path) -> None:
    ended = shell(tmp_path, "--help")
    assert ended.returncode == 0
    assert "python -m pytest_jaxcost model:loss 'f32[64,64]' 'f32[64]' --grad 0" in ended.stdout
