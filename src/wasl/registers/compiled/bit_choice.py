"""Sixty-four bits of an array of bits, each from anywhere in it, in four instructions of processors that have them.

They choose from 128 bytes at a time and test a bit of each (AVX-512 VBMI: Intel since 2019, AMD since 2022).
A processor without them does the same work in another way; see where ``CAN_CHOOSE`` is asked for.

*Source:* Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VPERMI2B and VPTESTMB.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["BYTES_AT_ONCE", "CAN_CHOOSE", "choose_bits"]

BYTES_AT_ONCE = 128
"""Bytes that one instruction chooses from."""
NEEDED = ("avx512f", "avx512bw", "avx512vbmi")


def _can_choose() -> bool:
    """Whether the processor has the instructions, and numba compiles for this processor and no other."""
    told = getattr(numba.config, "CPU_NAME", None) or getattr(numba.config, "CPU_FEATURES", None)
    features = llvm.get_host_cpu_features()
    return not told and all(features.get(name, False) for name in NEEDED)


CAN_CHOOSE = _can_choose()


def _choose_bits(
    typing_context: Any,  # noqa: ARG001
    words: Any,
    first: Any,  # noqa: ARG001
    bytes_: Any,
    byte: Any,  # noqa: ARG001
    tests: Any,
    test: Any,  # noqa: ARG001
) -> Any:
    """A word whose bit k is set where byte ``bytes_[byte + k]`` (modulo 128) has any bit of ``tests[test + k]``.

    The bytes are those of the sixteen words from ``words[first]`` on. All arrays are flat, all places are uint64.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.IntType(8), 64)

        def loaded(array: int, place: Any, beyond: int = 0) -> Any:
            held = context.make_array(signature.args[array])(context, builder, arguments[array])
            place = builder.add(place, ir.Constant(ir.IntType(64), beyond))
            return builder.load(builder.bitcast(builder.gep(held.data, [place]), vector.as_pointer()), align=1)

        kind = ir.FunctionType(vector, [vector, vector, vector])
        name = "llvm.x86.avx512.vpermi2var.qi.512"
        choose = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        low, high = loaded(0, arguments[1]), loaded(0, arguments[1], BYTES_AT_ONCE // 16)
        chosen = builder.call(choose, [low, loaded(2, arguments[3]), high])
        met = builder.and_(chosen, loaded(4, arguments[5]))
        return builder.bitcast(builder.icmp_unsigned("!=", met, ir.Constant(vector, None)), ir.IntType(64))

    return types.uint64(words, types.uint64, bytes_, types.uint64, tests, types.uint64), generate


choose_bits: Any = intrinsic(_choose_bits)
