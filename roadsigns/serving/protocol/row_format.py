"""The row form of a predict call: a list of instances, each a value or an object of values, to one batch of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import RequestError
from . import base64_text, tensors
from .refusals import echo
from .signature import Signature
from .tensors import Array

_UNLIKE = "The instances are not all of one kind"


def arrays(instances: list[Any], signature: Signature, confirm: Callable[[], None]) -> dict[str, Array]:
    """Turn a list of instances into batches.

    Args:
        instances: one or more.
        signature: its inputs are wanted, each with as many rows as there are instances.
        confirm: as for `tensors.tensor`.

    Raises:
        RequestError: an instance does not fit the signature or its neighbours; says which.
    """
    first = instances[0]
    if len(signature.inputs) > 1 and not _is_named(first):
        raise RequestError(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    try:
        columns = _columns(instances, signature)
        return {name: tensors.tensor(columns[name], spec, confirm) for name, spec in signature.inputs.items()}
    except RequestError:
        _refuse_first(instances, signature)
        raise  # each row is in order by itself: it is a number too big, or too many levels


def _columns(instances: list[Any], signature: Signature) -> dict[str, list[Any]]:
    """The values of each input, if all instances have the same form."""
    names = signature.inputs.keys()
    if not _is_named(instances[0]):
        if any(map(_is_named, instances)):
            raise RequestError(_UNLIKE)
        [name] = names
        return {name: instances}
    if not all(_is_named(each) and each.keys() == names for each in instances):
        raise RequestError(_UNLIKE)
    return {name: [each[name] for each in instances] for name in names}


def _refuse_first(instances: list[Any], signature: Signature) -> None:
    """Go through the instances in order, and refuse the first thing that does not belong."""
    named = _is_named(instances[0])
    seen: dict[str, tuple[int, tuple[int, ...]]] = {}
    for index, instance in enumerate(instances):
        if _is_named(instance) != named:
            kinds = "object but got list" if named else "value/list but got object"
            raise RequestError(f"Expecting {kinds} at item {index} of input list")
        values = instance if named else dict.fromkeys(signature.inputs, instance)
        for name, value in values.items():
            try:
                _refuse_item(name, value, signature, seen)
            except RequestError as error:
                key = f" key: {name}" if named else ""
                raise RequestError(
                    f"Failed to process element: {index}{key} of 'instances' list. Error: {error.code}: {error.message}"
                ) from None
        if values.keys() != signature.inputs.keys():
            raise RequestError(
                f"Failed to process element: {index} of 'instances' list. JSON object: {echo(instance)} "
                f"keys must be equal to: {','.join(sorted(signature.inputs))}"
            )


def _refuse_item(name: str, value: Any, signature: Signature, seen: dict[str, tuple[int, tuple[int, ...]]]) -> None:
    if name not in signature.inputs:
        raise RequestError(f"JSON object: does not have named input: {name}")
    shape = tensors.shape_of(value)
    size = tensors.check(value, signature.inputs[name])
    first_size, first_shape = seen.setdefault(name, (size, shape))
    if size != first_size:
        raise RequestError(f"Expecting tensor size: {first_size} but got: {size}")
    if shape != first_shape:
        raise RequestError(f"Expecting shape {_brackets(first_shape)} but got: {_brackets(shape)}")


def _brackets(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _is_named(instance: Any) -> bool:
    return isinstance(instance, dict) and not base64_text.is_binary(instance)
