from numba.core.typing import Signature

class Type:
    def __call__(self, *arguments: Type) -> Signature: ...

class Integer(Type):
    bitwidth: int

class Array(Type):
    dtype: Integer

int64: Integer
intp: Integer
uint64: Integer
