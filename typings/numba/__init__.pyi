# What Joey uses of numba, which brings no types: a decorated kernel keeps its own signature.
from collections.abc import Callable
from typing import Any, TypeVar, overload

from numba import types as types

class config:  # noqa: N801  (its name upstream)
    CACHE_DIR: str
    DISABLE_JIT: int

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

@overload
def njit(function: _Kernel, /) -> _Kernel: ...
@overload
def njit(
    signatures: str | list[str] = ...,
    /,
    *,
    cache: bool = ...,
    inline: str = ...,
    nogil: bool = ...,
    _nrt: bool = ...,
) -> Callable[[_Kernel], _Kernel]: ...
