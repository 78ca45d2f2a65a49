"""The contract that Stripe publishes with its library: which operations there are, what they take, what they answer.

It is derived at test time from the installed library's own service, parameter and resource classes, and never written
down, so that it cannot share a mistake with whoever wrote the adapter or the twin.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import ForwardRef

import stripe

_ROOT = Path(stripe.__file__).parent
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it takes and answers, as written in the library's service class.

    ``params`` is empty where it takes nothing; ``module`` is where the names of both are imported.
    """

    verb: str
    template: str
    module: str
    params: str
    needs_params: bool
    answer: str

    @property
    def literals(self) -> int:
        """How many parts of the path are fixed: of two that fit, the one with more is meant."""
        return sum(not _PLACEHOLDER.fullmatch(part) for part in self.template.split("/"))


@cache
def operations() -> tuple[Operation, ...]:
    """Return every operation of the library's services."""
    found = [operation for path in sorted(_ROOT.rglob("*_service.py")) for operation in _of_service(path)]
    return tuple(found)


@cache
def operation_for(verb: str, path: str) -> Operation | None:
    """Return the operation that a request asks for, None when there is no such one."""
    fitting = [one for one in _by_verb(verb) if re.fullmatch(_pattern(one.template), path)]
    return max(fitting, key=lambda one: one.literals, default=None)


def resolve(annotation: object, module: str) -> object:
    """Return what an annotation of ``module`` means; names that are imported for type checkers only are looked up."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    return _evaluated(annotation, module) if isinstance(annotation, str) else annotation


@cache
def _evaluated(annotation: str, module: str) -> object:
    scope = import_module(module)
    # the library's own annotations, which is what they are written for
    return eval(annotation, vars(scope), _Names(scope))  # noqa: S307


@cache
def _by_verb(verb: str) -> tuple[Operation, ...]:
    return tuple(one for one in operations() if one.verb == verb)


@cache
def _pattern(template: str) -> str:
    return _PLACEHOLDER.sub("[^/]+", template)


def _of_service(path: Path) -> Iterator[Operation]:
    module = ".".join(("stripe", *path.relative_to(_ROOT).with_suffix("").parts))
    for service in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(service, ast.ClassDef):
            for method in service.body:
                if isinstance(method, ast.FunctionDef):
                    yield from _of_method(method, module)


def _of_method(method: ast.FunctionDef, module: str) -> Iterator[Operation]:
    for call in ast.walk(method):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "_request":
            params = next((argument for argument in method.args.args if argument.arg == "params"), None)
            written = _unquoted(params.annotation) if params else ""
            yield Operation(
                verb=_text(call.args[0]),
                template=_text(call.args[1]),
                module=module,
                params=re.sub(r"^Optional\[(.*)\]$", r"\1", written),
                needs_params=params is not None and not written.startswith("Optional"),
                answer=_unquoted(method.returns),
            )


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value  # "/v1/customers/{customer}".format(…)
    return str(ast.literal_eval(node))


def _unquoted(node: ast.expr | None) -> str:
    return re.sub(r"""["']""", "", ast.unparse(node)) if node else ""


class _Names(Mapping[str, object]):
    """The names that a module imports under ``if TYPE_CHECKING``."""

    def __init__(self, scope: ModuleType) -> None:
        self._scope = scope
        self._imports = _imports_for_checkers(scope.__file__ or "")

    def __getitem__(self, name: str) -> object:
        module, original = self._imports[name]
        return getattr(import_module(module), original)

    def __iter__(self) -> Iterator[str]:
        return iter(self._imports)

    def __len__(self) -> int:
        return len(self._imports)


@cache
def _imports_for_checkers(file: str) -> dict[str, tuple[str, str]]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    guarded = [node for node in tree.body if isinstance(node, ast.If)]
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for branch in guarded
        for node in ast.walk(branch)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
