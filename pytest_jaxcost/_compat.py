"""Every touch of private JAX and every difference between JAX versions.

Serves JAX 0.8 to 0.12. Nothing else in the package imports ``jax._src`` or asks for a version.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import itertools
import os
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.extend.core as jex_core
import jaxlib.version
import numpy as np
from jax._src import api as _api
from jax._src import core as _core
from jax._src import custom_derivatives as _custom_derivatives
from jax._src import effects as _effects
from jax._src import flatten_util as _flatten_util
from jax._src import source_info_util as _source_info
from jax._src import traceback_util as _traceback_util
from jax._src.interpreters import ad as _ad
from jax._src.interpreters import mlir as _mlir
from jax._src.interpreters import pxla as _pxla
from jax._src.lib import xla_client as _xla_client  # type: ignore[attr-defined]

Jaxpr = jex_core.Jaxpr
ClosedJaxpr = jex_core.ClosedJaxpr  # the same class as Jaxpr from 0.11
JaxprEqn = jex_core.JaxprEqn
Literal = jex_core.Literal

JAXPR_TYPES = (Jaxpr, ClosedJaxpr)
_NOT_THE_USERS = tuple(
    os.path.dirname(os.path.abspath(file)) + os.sep
    for file in (jax.__file__, jaxlib.__file__, __file__)
)

_SOLVERS = os.path.join(os.path.dirname(os.path.abspath(jax.__file__)), "_src", "scipy") + os.sep
_STANDARD_LIBRARY = sysconfig.get_path("stdlib") + os.sep
_PACKAGES = tuple({sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib")})

_FILTER_JIT = os.path.join("equinox", "_jit.py")

_API_FILE = _api.__file__
_AD_FILE = _ad.__file__
_CHECKPOINT_FILE = os.path.join(os.path.dirname(_API_FILE), "ad_checkpoint.py")
_INTERPRETERS = os.path.dirname(_AD_FILE) + os.sep
_MACHINERY = (
    _INTERPRETERS,
    *(
        os.path.join(os.path.dirname(_API_FILE), name)
        for name in ("api", "core.py", "custom_derivatives.py", "linear_util.py", "pjit.py")
    ),
    *(
        os.path.join(os.path.dirname(_API_FILE), name)
        for name in ("source_info_util.py", "traceback_util.py", "util.py")
    ),
)
"""What stands between a bind and the equation, beside the rules of transformations."""
_DERIVATIVES = frozenset(
    {
        "grad",
        "hessian",
        "jacfwd",
        "jacrev",
        "jvp",
        "linearize",
        "value_and_grad",
        "vjp",
    }
)


class Code:
    """A function's code, compared by identity, because comparing code objects is slow."""

    __slots__ = ("code", "is_users", "positions", "source", "traces")

    def __init__(self, code: types.CodeType) -> None:
        self.code = code
        self.is_users = not in_jax(code.co_filename)
        self.source = f"{code.co_filename}:{code.co_firstlineno}"
        self.positions: tuple[tuple[int | None, ...], ...] | None = None
        self.traces = code.co_name == "trace_to_jaxpr_dynamic" and not self.is_users


_CODES: dict[int, Code] = {}


class Frame(NamedTuple):
    """A Python frame: its code and the instruction that was running."""

    of: Code
    instruction: int

    @property
    def file(self) -> str:
        """The file as Python knows it."""
        return self.of.code.co_filename

    @property
    def function(self) -> str:
        """The qualified name of the function."""
        return self.of.code.co_qualname

    @property
    def location(self) -> tuple[int, int]:
        """Line from 1 and column from 0 of the running expression."""
        location = _xla_client.Traceback.code_addr2location(self.of.code, self.instruction)
        return location[0], location[1]

    @property
    def expression(self) -> tuple[int, int, int, int] | None:
        """Where the running expression stands: its lines from 1, and columns from 0 in bytes.

        First and last line, then first column and the one after the last. None if Python was told
        to forget it.
        """
        if self.of.positions is None:
            self.of.positions = tuple(self.of.code.co_positions())
        start, stop, first, last = self.of.positions[self.instruction // 2]
        if start is None or stop is None or first is None or last is None:
            return None
        return start, stop, first, last


class Frames(NamedTuple):
    """The frames that made an equation, innermost first."""

    every: tuple[Frame, ...]
    users: tuple[Frame, ...]
    """Those of the user's own code."""
    complete: bool
    """Whether the body that was asked for ends here: what called it is another question."""


def versions() -> dict[str, str]:
    """The versions of the packages that a program depends on."""
    return {"jax": jax.__version__, "jaxlib": jaxlib.version.__version__}


def is_jaxpr(value: object) -> bool:
    """Whether `value` is an open or a closed jaxpr."""
    return isinstance(value, JAXPR_TYPES)


def open_jaxpr(jaxpr: Any) -> tuple[Any, tuple[Any, ...]]:
    """The jaxpr and its constants; ``remat2`` carries an open jaxpr before 0.11."""
    return getattr(jaxpr, "jaxpr", jaxpr), tuple(getattr(jaxpr, "consts", ()))


def scan_arity(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many constants and carries a ``scan`` has; before 0.11 they stand in its parameters."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    consts, carries, _ = params["ft_in"].unpack()
    return len(list(consts)), len(list(carries))


def side_effects(eqn: Any) -> bool:
    """Whether `eqn` has an effect that anyone can see; naming a mesh axis is none."""
    return any(type(effect) is not _core.NamedAxisEffect for effect in eqn.effects)


def expand(eqn: Any) -> Any | None:
    """The jaxpr of a ``call_hi_primitive`` (``custom_root`` from 0.12), or None for other ones."""
    primitive = eqn.primitive
    to_lojax = getattr(primitive, "to_lojax", None)
    if to_lojax is None or "_prim" not in eqn.params:
        return None
    avals = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in eqn.invars]
    return jax.make_jaxpr(lambda *args: to_lojax(*args, **eqn.params))(*avals)


def lowered_by(primitive: Any) -> Callable[..., Any] | None:
    """The function of a library that JAX traces to lower a primitive, or None if there is none.

    JAX's own functions are none: what they lower has cost rules. ``mlir.lower_fun`` makes the same
    closure from 0.8 to 0.12.
    """
    entry = _mlir._lowerings.get(primitive)
    rule: Any = getattr(entry, "rule", None)
    if getattr(rule, "__code__", None) is not _LOWERED_BY_TRACING:
        return None
    if any(primitive in rules for rules in _mlir._platform_specific_lowerings.values()):
        return None
    cells = dict(zip(rule.__code__.co_freevars, rule.__closure__, strict=True))
    function = inspect.unwrap(cells["fun"].cell_contents)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    module = str(getattr(function, "__module__", ""))
    is_jaxs = module.partition(".")[0] in ("jax", "jaxlib")
    lowered: Callable[..., Any] = cells["fun"].cell_contents
    return None if is_jaxs else lowered


_LOWERED_BY_TRACING = _mlir.lower_fun(len).__code__


def is_wide(eqn: Any) -> bool:
    """Whether `eqn` reads or makes numbers that JAX only has where 64 bits are enabled."""
    return needs_x64(v.aval for v in (*eqn.invars, *eqn.outvars))


def needs_x64(avals: Iterable[Any]) -> bool:
    """Whether JAX has some of the types only where 64 bits are enabled."""
    return not _WIDE.isdisjoint(map(str, {getattr(aval, "dtype", None) for aval in avals}))


_WIDE = frozenset({"int64", "uint64", "float64", "complex128"})


def lowered_body(eqn: Any) -> Any | None:
    """The jaxpr that JAX traces to lower `eqn`, or None where that cannot be told.

    Its equations stand where `eqn` stands in the source.
    """
    function = lowered_by(eqn.primitive)
    if function is None or not all(isinstance(v.aval, _core.ShapedArray) for v in eqn.invars):
        return None
    avals = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in eqn.invars]
    try:
        with jax.enable_x64(is_wide(eqn)):
            body = jax.make_jaxpr(lambda *args: function(*args, **eqn.params))(*avals)
    except REFUSALS:
        return None
    return _standing_at(body, eqn.source_info.traceback)


REFUSALS = (
    *(NotImplementedError, RuntimeError),  # no rule for the platform; XLA's own errors
    NameError,  # a mesh axis that is not bound outside shard_map
    *(TypeError, ValueError, LookupError, AttributeError, AssertionError),
)
"""What binding, tracing and lowering an equation outside its own program raise."""


def _standing_at(jaxpr: Any, traceback: Any) -> Any:
    """The jaxpr with the traceback of each of its equations replaced."""
    return _with_sources(jaxpr, lambda source: source.replace(traceback=traceback))


def _standing_under(jaxpr: Any, name_stack: Any) -> Any:
    """The jaxpr with the name stacks of its equations inside of another one."""
    return _with_sources(
        jaxpr, lambda source: source.replace(name_stack=name_stack + source.name_stack)
    )


def _with_sources(jaxpr: Any, change: Callable[[Any], Any]) -> Any:
    body = open_jaxpr(jaxpr)[0]
    if body is not jaxpr:  # closed, before 0.11
        return jaxpr.replace(jaxpr=_with_sources(body, change))
    return jaxpr.replace(
        eqns=[eqn.replace(source_info=change(eqn.source_info)) for eqn in jaxpr.eqns]
    )


def block_trips(eqn: Any) -> int | None:
    """How often the body of a ``pallas_call`` or ``shard_map`` runs, or None where unknown.

    A ``pallas_call`` runs its kernel once a grid point, a ``shard_map`` its body once a device, a
    ``run_state`` its body once.
    """
    if eqn.primitive.name == "run_state":
        return 1
    if "grid_mapping" in eqn.params:
        grid = eqn.params["grid_mapping"].grid
        return _static_product(grid)
    if eqn.primitive.name == "shard_map":
        axes = eqn.params.get("newly_manual_axes", eqn.params.get("manual_axes"))
        sizes = eqn.params["mesh"].shape
        return _static_product(
            [sizes[axis] for axis in axes] if axes is not None else sizes.values()
        )
    if "global_axis_size" in eqn.params:  # xla_pmap, to 0.9
        return int(eqn.params["global_axis_size"])
    return None


def _static_product(sizes: Any) -> int | None:
    product = 1
    for size in sizes:
        if not isinstance(size, int):
            return None
        product *= size
    return product


def stays_in_memory(eqn: Any) -> bool:
    """Whether the results of a ``device_put`` lie in the kind of memory of its operands."""
    pairs = zip(eqn.invars, eqn.outvars, strict=True)
    return all(given.aval.memory_space == put.aval.memory_space for given, put in pairs)


def name_records(stack: Any) -> tuple[tuple[str, bool], ...]:
    """The records of a name stack: (name, whether it is a transform)."""
    # a scope and a transform of one name are equal to each other, so the types are part of the key
    return _name_records(stack.stack, tuple(map(type, stack.stack)))


@lru_cache(maxsize=10_000)
def _name_records(
    records: tuple[Any, ...], types: tuple[type, ...]
) -> tuple[tuple[str, bool], ...]:
    transform = _source_info.Transform
    return tuple(
        [(record.name, kind is transform) for record, kind in zip(records, types, strict=True)]
    )


def function_source(jaxpr: Any) -> str:
    """The file and first line of the function that a jaxpr was traced from, as ``file:line``."""
    source = open_jaxpr(jaxpr)[0].debug_info.func_src_info or ""
    return str(source).partition(" at ")[2]


def is_derived(jaxpr: Any) -> bool:
    """Whether a program is a part of a derivative, which JAX gives no names of arguments.

    Where a jitted function is differentiated outside of jit, JAX runs the forward and the backward
    pass as programs of their own, without any record of the transformation, from 0.8 to 0.12.
    """
    return open_jaxpr(jaxpr)[0].debug_info.arg_names is None


@lru_cache(maxsize=10_000)
def frames(traceback: Any, within: str = "") -> Frames:
    """The frames of a traceback of JAX's, up to the function `within` (a `function_source`).

    What called that function then may not be what called it this time, because JAX caches traced
    functions. Where it is not among them, the rule of a custom derivative in a function of JAX's
    own for one, 0.8 tells who called it first: they stop where JAX began to trace.
    """
    every: list[Frame] = []
    traced: int | None = None
    complete = False
    for code, instruction in zip(*traceback.raw_frames(), strict=True) if traceback else ():
        known = _CODES.get(id(code))
        if known is None:
            known = _CODES[id(code)] = Code(code)
        if within and traced is None and known.traces:
            traced = len(every)
        every.append(Frame(known, instruction))
        if known.source == within:
            complete = True
            break
    if not complete and traced is not None:
        every, complete = every[:traced], True
    users = tuple([frame for frame in every if frame.of.is_users])
    return Frames(tuple(every), users, complete)


def selects_branches(eqn: Any) -> bool:
    """Whether `eqn` selects between the results of a ``cond`` whose predicate ``vmap`` batched."""
    return _is_made_by(eqn, "_bcast_select_n")


def guards_branch(eqn: Any) -> bool:
    """Whether `eqn` makes an operand of a branch safe for elements that do not take the branch.

    Where its predicate is batched, each branch of a ``cond`` begins with one for each operand.
    """
    return _is_made_by(eqn, "_bcast_select")


def _is_made_by(eqn: Any, function: str) -> bool:
    """Whether a function of JAX made `eqn`; the batching rule of ``cond`` has them from 0.8 on."""
    for frame in frames(eqn.source_info.traceback).every:
        if frame.of.is_users:
            return False
        if frame.function == function:
            return True
    return False


def is_bind(frame: Frame) -> bool:
    """Whether a trace processes a primitive or a call that JAX's functions bound: 0.8 to 0.12."""
    return ".process_" in frame.function and frame.file.startswith(_INTERPRETERS)


def is_custom_rule(frame: Frame) -> bool:
    """Whether a derivative runs a rule of the user's in place of a function: 0.8 to 0.12."""
    return is_bind(frame) and ".process_custom_" in frame.function and frame.file == _AD_FILE


def is_of_rule(frames: Sequence[Frame]) -> bool:
    """Whether a differentiation rule is among the frames below a bind, innermost first.

    JAX evaluates whole jaxprs without frames of the rules: then the answer is no.
    """
    differentiates = False
    for frame in reversed(frames):
        if is_bind(frame):
            differentiates = frame.file == _AD_FILE
        elif differentiates and (_is_tangent(frame) or not frame.file.startswith(_MACHINERY)):
            return True
    return False


def _is_tangent(frame: Frame) -> bool:
    """Whether a frame of JAX's machinery computes tangents: 0.8 to 0.12.

    It is of a jitted function's linearization, or of the rule that all products share.
    """
    return frame.function.endswith(".tangent_fun") or frame.function.startswith("defbilinear.")


def derivative_of(frame: Frame) -> str:
    """The function of ``jax`` whose frame this is, if it makes a derivative; else nothing."""
    name = frame.function.partition(".")[0].lstrip("_")
    return name if frame.file == _API_FILE and name in _DERIVATIVES else ""


def is_checkpoint(frame: Frame) -> bool:
    """Whether the frame belongs to a call of ``jax.checkpoint``: 0.8 to 0.12."""
    return frame.file == _CHECKPOINT_FILE


def has_custom_rule(eqn: Any) -> bool:
    """Whether `eqn` comes from a ``custom_jvp`` or ``custom_vjp`` function that the user called.

    What its rule computes has the call's traceback, without frames of the rule: the innermost of
    JAX's frames around the user's code is then the call of the function, from 0.8 to 0.12.
    """
    called = ""
    for frame in frames(eqn.source_info.traceback).every:
        if frame.of.is_users:
            return called == _custom_derivatives.__file__
        if frame.file != _traceback_util.__file__:
            called = frame.file
    return False


def is_of_raveled_tree(eqn: Any) -> bool:
    """Whether the function that ``ravel_pytree`` returned made `eqn`, from 0.8 to 0.12."""
    for frame in frames(eqn.source_info.traceback).every:
        if frame.of.is_users:
            return False
        if frame.file == _flatten_util.__file__:
            return True
    return False


def in_jax(file: str) -> bool:
    """Whether `file` belongs to JAX itself, to this package or to Python, which call it."""
    return file.startswith((*_NOT_THE_USERS, "<frozen ")) or (
        file.startswith(_STANDARD_LIBRARY) and not file.startswith(_PACKAGES)
    )


def package_of(file: str) -> str:
    """The installed package, as a folder or a file, that `file` belongs to; empty if none."""
    folder = next((folder for folder in _PACKAGES if file.startswith(folder)), "")
    if not folder:
        return ""
    top, separator, _ = file[len(folder) :].partition(os.sep)
    return folder + top + separator


def is_measuring(frame: Frame) -> bool:
    """Whether a frame belongs to this package, which calls the measured function."""
    return frame.file.startswith(_NOT_THE_USERS[-1])


def measured_package(jaxpr: Any) -> str:
    """The installed package that the function of a program belongs to; empty if none.

    What ``equinox.filter_jit`` gives to ``jax.jit`` calls the function, and is no part of it.
    """
    file = function_source(jaxpr).rpartition(":")[0]
    return "" if file.endswith(_FILTER_JIT) else package_of(file)


def primitive_names() -> frozenset[str]:
    """The names of all primitives that the loaded modules define.

    Those that JAX can lower are in its tables; the others are found among all objects, of which the
    collector does not show what was there when a program called ``gc.freeze``.
    """
    import gc

    tables = (_mlir._lowerings, *_mlir._platform_specific_lowerings.values())
    alive = (o for o in gc.get_objects() if isinstance(o, _core.Primitive))
    return frozenset(each.name for each in itertools.chain(alive, *tables))


@contextlib.contextmanager
def watch_lowering(callback: Callable[[str, Any], None]) -> Iterator[None]:
    """Call `callback(name, closed_jaxpr)` for each program of the user's that jit lowers inside.

    JAX's caches are cleared first, so that nothing hides. Programs whose function lives in JAX
    itself (``jnp.ones`` called outside jit) are eager operations and are left out. What is lowered
    inside a derivative that runs outside jit is told with the transformations that are around it.
    ``pxla.lower_sharding_computation`` has the same leading arguments from 0.4.36 to 0.12.
    """
    lower = _pxla.lower_sharding_computation

    def lower_and_tell(
        closed_jaxpr: Any, api_name: str, fun_name: str, *args: Any, **kw: Any
    ) -> Any:
        if not in_jax(function_source(closed_jaxpr)):
            around = _source_info.current_name_stack()
            told = _standing_under(closed_jaxpr, around) if around.stack else closed_jaxpr
            callback(fun_name, told)
        return lower(closed_jaxpr, api_name, fun_name, *args, **kw)

    jax.clear_caches()
    _pxla.lower_sharding_computation = lower_and_tell
    try:
        yield
    finally:
        _pxla.lower_sharding_computation = lower


class _Lowers(Exception):  # noqa: N818 - it is no error
    """A program is about to be lowered."""

    def __init__(self, traced: Any) -> None:
        super().__init__()
        self.traced = traced


def traced_to_lower(lower: Callable[[], object]) -> Any:
    """The ``jax.stages.Traced`` that `lower` would lower, by ``Traced.lower`` from 0.8 to 0.12.

    Libraries wrap what ``jax.jit`` offers, and show the lowered program at most.
    """
    stage: Any = jax.stages.Traced
    lowers = stage.lower

    def stop(traced: Any, **options: Any) -> Any:
        if _core.trace_state_clean():
            raise _Lowers(traced)
        return lowers(traced, **options)  # the function that is traced lowers another one

    stage.lower = stop
    try:
        lower()
    except _Lowers as found:
        return found.traced
    finally:
        stage.lower = lowers
    raise TypeError(f"{lower} lowers no function of jax.jit")


def transformation(fn: Any) -> str | None:
    """The name of the ``jax`` transformation that made `fn`, such as ``grad``, or None."""
    code = getattr(fn, "__code__", None)
    if code is not None and code.co_qualname.startswith("api_boundary."):
        # the wrapper's __wrapped__ is the user's function already; the closure has ours
        code = next(cell.cell_contents.__code__ for cell in fn.__closure__ if _has_code(cell))
    if code is None or code.co_filename != _API_FILE:
        return None
    return str(code.co_qualname.partition(".")[0])


def _has_code(cell: types.CellType) -> bool:
    return hasattr(cell.cell_contents, "__code__")


def as_function(closed_jaxpr: Any) -> Callable[..., Any]:
    """A function of arrays that computes what the jaxpr says."""
    function: Callable[..., Any] = jex_core.jaxpr_as_fun(closed_jaxpr)
    return function


def on_devices(traced: Any, place: Callable[[Any], Any]) -> Any:
    """A copy of a ``jax.stages.Traced`` that lies where `place` says.

    `place` is given each sharding, mesh and device that the program or an argument names.
    ``Traced`` keeps its arguments in ``_lfg`` in 0.8, later their types in ``_meta_tys_flat``.
    """
    moved, placed = copy.copy(traced), _Placed(place)
    params = dict(traced._params)
    params["jaxpr"] = placed(params["jaxpr"])
    params["ctx_mesh"] = place(params["ctx_mesh"])
    for name in ("in_shardings", "out_shardings"):
        is_place = jax.sharding.Sharding
        params[name] = tuple(place(s) if isinstance(s, is_place) else s for s in params[name])
    moved._params = params
    if hasattr(traced, "_lfg"):
        lower = traced._lfg
        args = [_placed_argument(arg, place) for arg in lower.args[0]]
        moved._lfg = functools.partial(lower.func, args, *lower.args[1:], **lower.keywords)
    else:
        moved._meta_tys_flat = [_placed_type(each, place) for each in traced._meta_tys_flat]
        moved._lojax = None
    return moved


def _placed_argument(arg: Any, place: Callable[[Any], Any]) -> jax.ShapeDtypeStruct:
    where = getattr(arg, "sharding", None) if getattr(arg, "_committed", True) else None
    dtype = getattr(arg, "dtype", None) or jax.dtypes.result_type(arg)
    where = None if where is None else place(where)
    return jax.ShapeDtypeStruct(np.shape(arg), dtype, sharding=where)


def _placed_type(meta: Any, place: Callable[[Any], Any]) -> Any:
    nowhere = meta.sharding is None or not meta.committed
    where = None if nowhere else place(meta.sharding)
    return meta.replace(sharding=where, format=None, committed=True, is_np_array=False)


class _Placed:
    """Values of parameters with other places in them; what names none stays as it is."""

    def __init__(self, place: Callable[[Any], Any]) -> None:
        self._place = place
        self._jaxprs: dict[int, Any] = {}

    def __call__(self, value: Any) -> Any:
        if is_jaxpr(value):
            if id(value) not in self._jaxprs:
                self._jaxprs[id(value)] = self._jaxpr(value)
            return self._jaxprs[id(value)]
        if _names_devices(value):
            return self._place(value)
        if type(value) in (tuple, list):
            inside = [self(each) for each in value]
            same = all(new is old for new, old in zip(inside, value, strict=True))
            return value if same else type(value)(inside)
        return value

    def _jaxpr(self, jaxpr: Any) -> Any:
        body = open_jaxpr(jaxpr)[0]
        if body is not jaxpr:  # closed, before 0.11
            placed = self(body)
            return jaxpr if placed is body else jaxpr.replace(jaxpr=placed)
        eqns = [self._eqn(eqn) for eqn in jaxpr.eqns]
        same = all(new is old for new, old in zip(eqns, jaxpr.eqns, strict=True))
        return jaxpr if same else jaxpr.replace(eqns=eqns)

    def _eqn(self, eqn: Any) -> Any:
        params = {name: self(value) for name, value in eqn.params.items()}
        same = all(params[name] is eqn.params[name] for name in params)
        return eqn if same else eqn.replace(params=params)


def _names_devices(value: Any) -> bool:
    """Whether `value` is a device, or a mesh or sharding of devices: an abstract one has none."""
    mesh = getattr(value, "mesh", value) if isinstance(value, jax.sharding.Sharding) else value
    return isinstance(mesh, jax.sharding.Sharding | jax.sharding.Mesh | jax.Device)


def sharding_on(sharding: Any, devices: Mapping[Any, Any]) -> Any:
    """A sharding that XLA made of a program's results, such as a ``GSPMDSharding``, elsewhere."""
    own = [devices[each] for each in sharding._device_assignment]
    return type(sharding)(own, sharding._to_xla_hlo_sharding(0))


# programs that are written down anew


def new_var(aval: Any) -> Any:
    """A variable of a jaxpr."""
    return _core.Var(aval)


def closed_jaxpr(
    invars: Sequence[Any],
    outvars: Sequence[Any],
    eqns: Sequence[Any],
    consts: Mapping[Any, Any],
    like: Any,
) -> Any:
    """A closed jaxpr; `consts` are its constants by variable, names are those of `like`."""
    info = open_jaxpr(like)[0].debug_info.with_unknown_names()
    effects = frozenset().union(*(eqn.effects for eqn in eqns))
    jaxpr = _core.Jaxpr(list(consts), list(invars), list(outvars), list(eqns), effects, info)
    return ClosedJaxpr(jaxpr, list(consts.values()))


def loop_params(old: Mapping[str, Any], jaxpr: Any, arity: Sequence[int]) -> dict[str, Any]:
    """The parameters of a ``scan`` with another body.

    `arity` counts its constants, carries, xs and ys.

    Before 0.11 the counts are numbers, later trees without leaves; ``linear`` went with 0.10.
    """
    n_consts, n_carry, n_xs, n_ys = arity
    params = {**old, "jaxpr": jaxpr}
    if "num_consts" in old:
        params.update(num_consts=n_consts, num_carry=n_carry)
        if "linear" in old:
            params["linear"] = (False,) * (n_consts + n_carry + n_xs)
        return params
    from jax._src import flattree  # type: ignore[attr-defined]  # from 0.11

    counted = [flattree.nones(n) for n in (n_consts, n_carry, n_xs, n_ys)]
    params["ft_in"] = flattree.pack((counted[0], counted[1], counted[2]))
    params["ft_out"] = flattree.pack((counted[1], counted[3]))
    return params


def new_eqn(eqn: Any, **changed: Any) -> Any:
    """An equation like `eqn` with other fields; effects of other bodies follow from them."""
    return eqn.replace(**changed)


def barrier_eqn(var: Any, barred: Any, like: Any) -> Any:
    """An ``optimization_barrier`` of one variable, as differentiated remat has for its operands."""
    barrier = jax.make_jaxpr(jax.lax.optimization_barrier)(np.float32(0)).eqns[0]
    return barrier.replace(invars=[var], outvars=[barred], source_info=like.source_info)


def prevents_cse(eqn: Any) -> bool:
    """Whether `eqn` is a remat that keeps its operands apart from the forward pass's."""
    params = eqn.params
    if not params.get("differentiated", False) or "prevent_cse" not in params:
        return False
    prevent = params["prevent_cse"]
    return prevent if isinstance(prevent, bool) else any(prevent)


def source_info(eqn: Any, stack: Any, traceback: Any) -> Any:
    """The source of `eqn` with another name stack and traceback."""
    return eqn.source_info.replace(name_stack=stack, traceback=traceback)


def with_jaxpr(traced: Any, jaxpr: Any) -> Any:
    """A copy of a ``jax.stages.Traced`` that lowers another jaxpr of the same signature."""
    other = copy.copy(traced)
    other._params = {**traced._params, "jaxpr": jaxpr}
    if hasattr(traced, "_lojax"):
        other._lojax = None
    return other


def stacked(aval: Any, length: int) -> Any:
    """The type of `length` values of a type, one after the other."""
    return _core.unmapped_aval(length, 0, aval)


def unstacked(aval: Any) -> Any:
    """The type of one of the values that are stacked along the first axis."""
    return _core.mapped_aval(aval.shape[0], 0, aval)


def zero_literal(aval: Any) -> Any:
    """A zero of the type of the elements of `aval`."""
    return Literal(np.zeros((), aval.dtype)[()], _core.ShapedArray((), aval.dtype))


def zeros_eqn(aval: Any) -> Any:
    """An equation that makes zeros of a type with at least one axis."""
    broadcast = jax.make_jaxpr(lambda: jax.lax.full(aval.shape, 0, aval.dtype))()
    return broadcast.eqns[-1]


def as_argument(aval: Any) -> jax.ShapeDtypeStruct:
    """A type as JAX's tracing takes it."""
    weak = bool(getattr(aval, "weak_type", False))
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=weak)


def has_references(effects: Iterable[Any]) -> bool:
    """Whether one of the effects is that of a mutable reference, which is named by its position."""
    return any(isinstance(effect, _effects.JaxprInputEffect) for effect in effects)


def shaped_like(closed: Any, old: Any) -> Any | None:
    """A closed jaxpr as the kind that `old` is, open or closed; None if its constants are lost."""
    if isinstance(old, ClosedJaxpr):
        return closed
    body, consts = open_jaxpr(closed)
    return None if consts else body


def scalar(aval: Any) -> Any:
    """The type of one element."""
    return _core.ShapedArray((), aval.dtype)


def has_x64() -> bool:
    """Whether JAX makes arrays of 64 bits."""
    return bool(jax.config.read("jax_enable_x64"))


def is_of_solver(eqn: Any) -> bool:
    """Whether a function of ``jax.scipy``, such as ``cg``, made `eqn` for itself."""
    for frame in frames(eqn.source_info.traceback).every:
        if frame.of.is_users:
            return False
        if frame.file.startswith(_SOLVERS):
            return True
    return False
