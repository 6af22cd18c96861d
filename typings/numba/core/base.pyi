from collections.abc import Callable
from typing import Protocol

from llvmlite.ir import IRBuilder, Value
from numba.types import Array

class _Struct(Protocol):
    data: Value

class BaseContext:
    def make_array(self, kind: Array) -> Callable[[BaseContext, IRBuilder, Value], _Struct]: ...
