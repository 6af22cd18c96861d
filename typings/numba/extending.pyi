from collections.abc import Callable
from typing import Any

def intrinsic(
    build: Callable[..., tuple[object, Callable[..., object]]], /
) -> Callable[..., Any]: ...
