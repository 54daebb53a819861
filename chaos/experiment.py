"""One experiment: a new service on an empty store, load, a fault, and the check."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.checker import Verdict, check
from chaos.clock import Clock
from chaos.fault import Fault, Skipped
from chaos.final_state import read_final_state
from chaos.store_factory import StoreFactory
from chaos.store_under_test import StoreUnderTest
from chaos.testbed import Testbed

AFTER_SECONDS = 1.0


@dataclass(frozen=True)
class Result:
    """The result of one fault on one store; a skipped experiment has no verdict."""

    fault: str
    store: str
    verdict: Verdict | None = None
    recovery_seconds: float | None = None
    refused_requests: int = 0
    broken_requests: int = 0
    stored_despite_503: int = 0
    seconds: float = 0.0
    skipped: str = ""

    @property
    def passed(self) -> bool:
        """Return whether the experiment was skipped or its verdict has no problem."""
        return self.verdict is None or self.verdict.passed


def run_experiment(fault: Fault, kind: str, stores: StoreFactory) -> Result:
    """Run a fault on a kind of store; an experiment that raises has failed."""
    started = time.monotonic()
    try:
        with fault.store_under_test(stores, kind) as store:
            result = _run_on(store, fault, kind)
    except Skipped as reason:
        return Result(fault.name, kind, skipped=str(reason))
    except Exception as error:
        result = Result(fault.name, kind, Verdict(0, 0, 0, 0, [f"it broke off: {error!r}"]))
    return replace(result, seconds=round(time.monotonic() - started, 1))


def _run_on(store: StoreUnderTest, fault: Fault, kind: str) -> Result:
    clock = Clock(store.folder / "clock")
    testbed = Testbed(store, clock, fault.settings(clock))
    passed = False
    try:
        testbed.prepare()
        testbed.service.start()
        recovery_seconds = _inject_under_load(testbed, fault)
        state = read_final_state(testbed.service, store)
        state.problems.extend(fault.problems(testbed))
        verdict = check(testbed.log, state)
        passed = verdict.passed
    finally:
        testbed.service.close()
        if not passed:
            testbed.keep_server_log(server_log(fault.name, kind))
    return Result(
        fault.name,
        kind,
        verdict,
        recovery_seconds,
        testbed.log.refused_requests,
        testbed.log.broken_requests,
        len(testbed.log.stored_despite_503),
    )


def server_log(fault: str, kind: str) -> Path:
    """Return the file to which the server's log of a failed experiment is copied."""
    name = f"kitledger-chaos-{fault.replace(' ', '-').lower()}-{kind}.log"
    return Path(tempfile.gettempdir()) / name


def _inject_under_load(testbed: Testbed, fault: Fault) -> float | None:
    """Inject the fault under load; return the seconds until recovery, or None if there was none."""
    with testbed.load():
        fault.inject(testbed)
        seconds = testbed.wait_for_recorded_event()
        if fault.recovered_when_read:
            seconds = testbed.wait_for_current_read()
        time.sleep(AFTER_SECONDS)
    if seconds is None:
        testbed.log.add_violation("the service never recovered")
    if fault.affects_requests and not testbed.log.refused_requests + testbed.log.broken_requests:
        testbed.log.add_violation("the fault affected no request")
    return seconds
