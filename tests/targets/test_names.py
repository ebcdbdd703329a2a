"""Names of targets: what is accepted, and what is said of all others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_jaxcost import LimitError, measure
from pytest_jaxcost.targets import parse
from pytest_jaxcost.targets.names import GPUS, TPUS

GOOD = (
    "cpu",
    "tpu:v5e:2x2",
    "tpu:v4:2x2x1",
    "tpu:v5p:4x4x12",
    "tpu:v6e:16x16",
    *(f"tpu:{name}:2x2" for name in TPUS),
    *(f"cuda:{name}" for name in GPUS),
)


@pytest.mark.parametrize("name", GOOD)
def test_accepted(name: str) -> None:
    assert str(parse(name)) == name
    assert str(parse(f" {name} ")) == name


ACCEPTED = (
    "accepted are 'cpu', 'tpu:<chip>:<topology>' as in 'tpu:v5e:2x2', and 'cuda:<name>' of a100, "
    "h100, h200, b200 or with the path of a GpuTargetConfigProto in text form"
)
KNOWN_TPUS = "There are v2, v3, v4, v5e, v5p, v6e, tpu7x, and what the installed libtpu knows"
KNOWN_GPUS = "There are a100, h100, h200, b200, or the path of a GpuTargetConfigProto in text form"
BAD = {
    "": f"target='': not the name of a target, such as 'cpu'; {ACCEPTED}",
    3: f"target=3: not the name of a target, such as 'cpu'; {ACCEPTED}",
    "moon": f"target='moon': no target is named so; {ACCEPTED}",
    "CPU": f"target='CPU': no target is named so; did you mean 'cpu'? {ACCEPTED}",
    "tup:v5e:2x2": f"target='tup:v5e:2x2': no target is named so; did you mean 'tpu'? {ACCEPTED}",
    "a100": f"target='a100': no target is named so; did you mean 'cuda:a100'? {ACCEPTED}",
    "gpu": f"target='gpu': no target is named so; did you mean 'cuda:h100'? {ACCEPTED}",
    "v5e": f"target='v5e': no target is named so; did you mean 'tpu:v5e:2x2'? {ACCEPTED}",
    "cpu:0": "target='cpu:0': the CPU is this machine's; write 'cpu'",
    "tpu": f"target='tpu': no TPU is named ''. {KNOWN_TPUS}",
    "tpu:v5e": (
        "target='tpu:v5e': not 'tpu:<chip>:<topology>'; write how the chips are laid out, as in "
        "'tpu:v5e:2x2'"
    ),
    "tpu:v5e:4": (
        "target='tpu:v5e:4': not 'tpu:<chip>:<topology>'; write how the chips are laid out, as in "
        "'tpu:v5e:2x2'"
    ),
    "tpu:v5:2x2": f"target='tpu:v5:2x2': no TPU is named 'v5'; did you mean 'v5p'? {KNOWN_TPUS}",
    "cuda": f"target='cuda': no GPU is named '', and there is no such file. {KNOWN_GPUS}",
    "cuda:h10": (
        "target='cuda:h10': no GPU is named 'h10', and there is no such file; did you mean 'h100'? "
        f"{KNOWN_GPUS}"
    ),
    "cuda:/no/where.txtpb": (
        "target='cuda:/no/where.txtpb': no GPU is named '/no/where.txtpb', and there is no such "
        f"file. {KNOWN_GPUS}"
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: object) -> None:
    with pytest.raises(LimitError) as error:
        parse(name)
    assert str(error.value) == BAD[name]


def test_a_description_of_the_users_own(tmp_path: Path) -> None:
    described, other = tmp_path / "mine.txtpb", tmp_path / "other.txt"
    described.write_text(parse("cuda:h100").description, encoding="utf-8")
    other.write_text("core_count: 3", encoding="utf-8")
    target = parse(f"cuda:{described}")
    assert (str(target), target.description) == (f"cuda:{described}", described.read_text())
    with pytest.raises(LimitError) as error:
        parse(f"cuda:{other}")
    assert str(error.value) == (
        f"target='cuda:{other}': the file is no GpuTargetConfigProto in text form: it has no "
        "gpu_device_info"
    )


@pytest.mark.parametrize("name", GPUS)
def test_descriptions_differ(name: str) -> None:
    texts = {each: parse(f"cuda:{each}").description for each in GPUS}
    assert f"`cuda:{name}`" in texts[name]
    assert [each for each in GPUS if texts[each] == texts[name]] == [name]


def test_a_wrong_name_is_said_before_anything_is_traced() -> None:
    def traced(x: object) -> object:
        raise AssertionError("traced")

    with pytest.raises(LimitError, match="no GPU is named 'h10'"):
        measure(traced, (1.0,), target="cuda:h10")


def test_names_are_read_without_jax() -> None:
    script = "import sys; sys.modules['jax'] = None; from pytest_jaxcost.targets import parse; "
    script += "parse('tpu:v5e:2x2'), parse('cuda:h100').description"
    subprocess.run([sys.executable, "-c", script], check=True)
