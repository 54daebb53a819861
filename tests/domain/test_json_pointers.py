"""What a JSON pointer names is removed, and nothing else."""

import json
from typing import Any

import pytest

from domain import json_pointers

VALUE = {"a": {"b": [None, {"c": 1}], "": 2}, "x/y": 3, "m~n": 4}


@pytest.mark.parametrize(
    ("pointer", "left"),
    [
        ("/a", {"x/y": 3, "m~n": 4}),
        ("/a/", {"a": {"b": [None, {"c": 1}]}, "x/y": 3, "m~n": 4}),
        ("/a/b/0", {"a": {"b": [{"c": 1}], "": 2}, "x/y": 3, "m~n": 4}),
        ("/a/b/1/c", {"a": {"b": [None, {}], "": 2}, "x/y": 3, "m~n": 4}),
        ("/x~1y", {"a": {"b": [None, {"c": 1}], "": 2}, "m~n": 4}),
        ("/m~0n", {"a": {"b": [None, {"c": 1}], "": 2}, "x/y": 3}),
        *(
            (pointer, VALUE)
            for pointer in ("/b", "/a/b/2", "/a/b/-", "/a/b/-1", "/x~1y/z", "/a/b/c")
        ),
    ],
)
def test_what_a_pointer_names_is_removed(pointer: str, left: Any) -> None:
    value = json.loads(json.dumps(VALUE))
    json_pointers.remove(value, pointer)
    assert value == left
