"""The reader on short texts: what it reads, and what each malformed line is told."""

from __future__ import annotations

import pytest

from pytest_jaxcost.hlo.errors import HloSyntaxError
from pytest_jaxcost.hlo.parse import parse
from pytest_jaxcost.hlo.records import SourceFrame

TEXT = r"""HloModule jit_f, is_scheduled=true, entry_computation_layout={(f32[4]{0})->f32[4]{0}}

FileNames
1 "model.py"
2 "main.py"

FunctionNames
1 "loss"
2 "<module>"

FileLocations
1 {file_name_id=1 function_name_id=1 line=6 end_line=6 column=9 end_column=40}
2 {file_name_id=2 function_name_id=2 line=8 end_line=8 column=2 end_column=61}

StackFrames
1 {file_location_id=2 parent_frame_id=1}
2 {file_location_id=1 parent_frame_id=2}

%body (carry: (s32[], f32[4])) -> (s32[], f32[4]) {
  %carry = (s32[], /*index=1*/f32[4]{0:T(128)}) parameter(0)
  %i = s32[] get-tuple-element(%carry), index=0
  %one = s32[] constant(1)
  %next = s32[] add(%i, %one)
  %x = f32[4]{0:T(128)S(1)} get-tuple-element(%carry), index=1
  %sin = f32[4]{0} sine(%x), metadata={op_name="jit(f)/a;jit(f)/b" stack_frame_id=2}
  ROOT %out = (s32[], f32[4]{0}) tuple(%next, /*index=1*/%sin)
}

%condition (carry.1: (s32[], f32[4])) -> pred[] {
  %carry.1 = (s32[], f32[4]{0}) parameter(0)
  %i.1 = s32[] get-tuple-element(%carry.1), index=0
  %n = s32[] constant(10)
  ROOT %lt = pred[] compare(%i.1, %n), direction=LT
}

ENTRY %main (x.1: f32[4]) -> f32[4] {
  %x.1 = f32[4]{0} parameter(0), metadata={op_name="it\'s \"x\""}
  %zero = s32[] constant(0)
  %init = (s32[], f32[4]{0}) tuple(%zero, %x.1)
  %loop = (s32[], f32[4]{0}) while(%init), condition=%condition, body=%body, backend_config={"known_trip_count":{"n":"10"}}
  %y = f32[4]{0} get-tuple-element(%loop), index=1
  ROOT %call = f32[4]{0} custom-call(%y), custom_call_target="some$target", backend_config="{\"n\": [1, 2]}", metadata={op_name="jit(f)" source_file="model.py" source_line=3}
}
"""  # noqa: E501


def test_a_module_is_read_whole() -> None:
    module = parse(TEXT)
    assert (module.name, module.entry) == ("jit_f", "main")
    assert module.attributes["is_scheduled"] == "true"
    assert list(module.computations) == ["body", "condition", "main"]
    assert [each.opcode for each in module.instructions] == [
        *(
            "parameter",
            "get-tuple-element",
            "constant",
            "add",
            "get-tuple-element",
            "sine",
            "tuple",
        ),
        *("parameter", "get-tuple-element", "constant", "compare"),
        *("parameter", "constant", "tuple", "while", "get-tuple-element", "custom-call"),
    ]
    assert module.computations["body"].root.operands == ("next", "sin")


def test_a_while_names_its_computations_and_its_trip_count() -> None:
    loop = parse(TEXT).computations["main"].named["loop"]
    assert loop.called == {"condition": ("condition",), "body": ("body",)}
    assert loop.known_trip_count == 10
    assert parse(TEXT).computations["main"].root.known_trip_count is None


def test_configuration_is_json_within_or_without_quotes() -> None:
    main = parse(TEXT).computations["main"]
    assert main.root.backend_config == {"n": [1, 2]}
    assert main.root.target == "some$target"
    assert main.named["loop"].backend_config == {"known_trip_count": {"n": "10"}}
    assert main.named["y"].backend_config is None
    triton = 'kind=kCustom, backend_config="not json"'
    text = TEXT.replace(
        'custom_call_target="some$target", backend_config="{\\"n\\": [1, 2]}"', triton
    )
    assert parse(text).computations["main"].root.backend_config == "not json"
    lapack = "backend_config={diag = 78 : ui8}"
    text = TEXT.replace('backend_config="{\\"n\\": [1, 2]}"', lapack)
    assert parse(text).computations["main"].root.backend_config == "{diag = 78 : ui8}"


def test_shapes_keep_their_layout_and_write_themselves() -> None:
    body = parse(TEXT).computations["body"]
    carry, x = body.named["carry"].shape, body.named["x"].shape
    assert str(carry) == "(s32[], f32[4]{0:T(128)})"
    assert str(x) == "f32[4]{0:T(128)S(1)}"
    assert (carry.size, carry.nbytes, carry.buffer_bytes) == (5, 20, 16)
    assert (x.minor_to_major, x.memory_space, x.nbytes) == ((0,), 1, 16)


@pytest.mark.parametrize(
    ("shape", "nbytes"),
    [
        ("pred[3]{0}", 3),
        ("bf16[2,3]{1,0}", 12),
        ("c128[2]{0}", 32),
        ("s4[5]{0:E(4)}", 3),
        ("s4[5]{0}", 5),
        ("f32[<=4,2]{1,0}", 32),
        ("token[]", 0),
        ("f32[0,7]{1,0}", 0),
        ("((f32[2]{0}), (s8[3]{0:T(8,128)(4,1)}, ()))", 11),
    ],
)
def test_bytes_of_a_shape(shape: str, nbytes: int) -> None:
    text = f"HloModule m\n\nENTRY %e {{\n  ROOT %p = {shape} parameter(0)\n}}\n"
    read = parse(text).computations["e"].root.shape
    assert (str(read), read.nbytes) == (shape, nbytes)


def test_several_names_and_the_frames_of_an_instruction() -> None:
    sine = parse(TEXT).computations["body"].named["sin"]
    assert sine.metadata is not None
    assert sine.metadata.op_names == ("jit(f)/a", "jit(f)/b")
    assert sine.metadata.frames == (
        SourceFrame("model.py", 6, "loss", 9),
        SourceFrame("main.py", 8, "<module>", 2),
    )


def test_frames_when_parents_are_numbered_as_they_are() -> None:
    frames = "1 {file_location_id=2}\n2 {file_location_id=1 parent_frame_id=1}\n"
    text = TEXT.replace(
        "1 {file_location_id=2 parent_frame_id=1}\n2 {file_location_id=1 parent_frame_id=2}\n",
        frames,
    )
    assert text != TEXT
    read, shifted = (parse(each).computations["body"].named["sin"] for each in (text, TEXT))
    assert read.metadata == shifted.metadata


def test_older_texts_name_file_and_line() -> None:
    root = parse(TEXT).computations["main"].root
    assert root.metadata is not None
    assert root.metadata.frames == (SourceFrame("model.py", 3),)


def test_quoted_text_is_unescaped() -> None:
    metadata = parse(TEXT).computations["main"].named["x.1"].metadata
    assert metadata is not None
    assert metadata.op_names == ('it\'s "x"',)


def test_constants_hold_their_literals_and_parameters_their_numbers() -> None:
    main = parse(TEXT).computations["main"]
    assert (main.named["zero"].argument, main.named["zero"].operands) == ("0", ())
    assert main.parameters == (main.named["x.1"],)
    assert main.named["y"].argument is None


MALFORMED = {
    "HloModule jit_f": (
        "Hlo jit_f",
        (
            "line 1, column 1: expected 'HloModule name', "
            "found 'Hlo jit_f, is_scheduled=true, entry_comp...'"
        ),
    ),
    '1 "model.py"': (
        "1 model.py",
        "line 4, column 1: expected a row of FileNames, found '1 model.py'",
    ),
    "2 {file_location_id=1 parent": (
        "2 {file_location_id=7 parent",
        "line 15, column 1: expected row 7 in the table FileLocations, found 'StackFrames'",
    ),
    "stack_frame_id=2}": (
        "stack_frame_id=9}",
        (
            "line 25, column 39: expected row 9 in the table StackFrames, "
            "found '{op_name=\"jit(f)/a;jit(f)/b\" stack_frame...'"
        ),
    ),
    "%one = s32[] constant(1)": (
        "%one s32[] constant(1)",
        "line 22, column 1: expected '%name = ', found '  %one s32[] constant(1)'",
    ),
    "s32[] constant(10)": (
        "s33[] constant(10)",
        (
            "line 32, column 8: expected a known element type in place of 's33', "
            "found 's33[] constant(10)'"
        ),
    ),
    "s32[] constant(0)": (
        "s32[x] constant(0)",
        "line 38, column 11: expected dimension sizes in place of 'x', found 's32[x] constant(0)'",
    ),
    "add(%i, %one)": (
        "add(%i, %one",
        "line 23, column 20: expected operands up to a matching ')', found '(%i, %one'",
    ),
    "sine(%x)": (
        "sine(%z)",
        (
            "line 25, column 26: expected an operand defined in 'body', "
            "found 'z), metadata={op_name=\"jit(f)/a;jit(f)/b...'"
        ),
    ),
    "body=%body": (
        "body=%bodies",
        (
            "line 40, column 72: expected a computation of this module, "
            "found 'bodies, backend_config={\"known_trip_coun...'"
        ),
    ),
    "direction=LT": (
        "direction",
        "line 33, column 38: expected ', attribute=value', found ', direction'",
    ),
    "direction=LT\n": (
        "direction={LT\n",
        "line 33, column 38: expected ', attribute=value', found ', direction={LT'",
    ),
    "  ROOT %lt": (
        "  %lt",
        "line 34, column 1: expected a ROOT instruction in computation 'condition', found '}'",
    ),
    "%next = s32[]": (
        "%one = s32[]",
        (
            "line 23, column 4: expected an instruction name other than 'one', already taken, "
            "found 'one = s32[] add(%i, %one)'"
        ),
    ),
    "%condition (carry.1": (
        "%body (carry.1",
        (
            "line 29, column 2: expected a computation name other than 'body', already taken, "
            "found 'body (carry.1: (s32[], f32[4])) -> pred[...'"
        ),
    ),
    "ENTRY %main": (
        "%main",
        "line 44, column 1: expected a computation marked ENTRY, found 'the end of the line'",
    ),
    "direction=LT\n}": ("direction=LT\n%", "line 34, column 1: expected '%name = ', found '%'"),
}


@pytest.mark.parametrize("right", MALFORMED)
def test_a_malformed_text_is_told_where_and_what_was_expected(right: str) -> None:
    wrong, message = MALFORMED[right]
    text = TEXT.replace(right, wrong, 1)
    assert text != TEXT
    with pytest.raises(HloSyntaxError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_a_text_cut_anywhere_is_refused() -> None:
    end = TEXT.rindex("}")
    for length in range(end):
        with pytest.raises(HloSyntaxError):
            parse(TEXT[:length])
    assert parse(TEXT[: end + 1]) == parse(TEXT)


def test_deep_nesting_fails_fast_instead_of_backtracking() -> None:
    text = TEXT.replace("constant(10)", "constant(" + "{(" * 4000 + ")")
    with pytest.raises(HloSyntaxError, match="line 32, column 22: expected operands up to"):
        parse(text)
