"""What this device can do at most, measured: products of large matrices, and memory read and written.

Shares of the roofline are relative to these, not to what a data sheet says.
"""

from __future__ import annotations

from typing import Any

from stopwatch import rounds


def measured(quick: bool) -> dict[str, Any]:
    """Operations a second, two a multiply-add, by precision; bytes a second, each read and each written one counted."""
    import jax
    import jax.numpy as jnp

    on_cpu = jax.devices()[0].platform == "cpu"
    side, length, repeats = (1024, 2**24, 2) if on_cpu else (8192, 2**29, 8)
    found: dict[str, Any] = {}
    for precision in ("bfloat16",) * (not (quick and on_cpu)) + ("float32",):
        square = jax.random.normal(jax.random.key(0), (side, side), precision)

        @jax.jit
        def multiply(a: Any, b: Any) -> Any:
            return jax.lax.fori_loop(0, repeats, lambda _, a: (a @ b) / side, a)

        taken = rounds(lambda multiply=multiply, square=square: multiply(square, square).block_until_ready())
        found[f"{precision}_operations_per_second"] = 2 * side**3 * repeats / min(taken)
    long = jnp.zeros(length, jnp.float32)
    add = jax.jit(lambda x: x + 1)
    found["bytes_per_second"] = 2 * 4 * length / min(rounds(lambda: add(long).block_until_ready()))
    return found
