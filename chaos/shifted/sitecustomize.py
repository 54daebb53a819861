"""Python imports this at its start when its folder is in PYTHONPATH: shift the clock as a file says.

What measures spans (time.monotonic and its like) stays as it is, as when a host's clock is set.
"""

import ctypes
import datetime
import gc
import mmap
import os
import struct
import time

_FORM = struct.Struct("d")
with open(os.environ["CHAOS_CLOCK"], "r+b") as _opened:  # noqa: PTH123 the fewest imports, at every start
    _shared = mmap.mmap(_opened.fileno(), _FORM.size, access=mmap.ACCESS_READ)
_time, _now = time.time, datetime.datetime.now


def _offset() -> float:
    return float(_FORM.unpack_from(_shared)[0])


def _shifted_time() -> float:
    return _time() + _offset()


def _shifted_now(_: type, tz: datetime.tzinfo | None = None) -> datetime.datetime:
    return _now(tz) + datetime.timedelta(seconds=_offset())


time.time = _shifted_time
# A subclass in its place would not be what encoders take for a date; so the type itself is changed,
# whose table of methods Python shows, but lets nobody write.
_methods = gc.get_referents(datetime.datetime.__dict__)[0]
_methods["now"] = classmethod(_shifted_now)
ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))
