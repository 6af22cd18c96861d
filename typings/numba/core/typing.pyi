from numba.types import Array, Type

class Context: ...

class Signature:
    return_type: Type
    args: tuple[Array, ...]
