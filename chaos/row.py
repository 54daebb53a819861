"""One row of the matrix: a fresh service on its store, load, a fault, and the judgement."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.clock import Clock
from chaos.evidence import gather
from chaos.fault import Fault, Skipped
from chaos.grounds import Ground
from chaos.judge import Verdict, judge
from chaos.places import Places
from chaos.stage import Stage

AFTER_SECONDS = 1.0


@dataclass(frozen=True)
class Row:
    """What came of a fault on a store; without a verdict it was skipped."""

    fault: str
    store: str
    verdict: Verdict | None = None
    recovered: float | None = None
    refusals: int = 0
    cuts: int = 0
    kept_though_refused: int = 0
    seconds: float = 0.0
    skipped: str = ""

    @property
    def good(self) -> bool:
        """Say whether nothing speaks against it."""
        return self.verdict is None or self.verdict.good


def run(fault: Fault, store: str, places: Places) -> Row:
    """Run a row from its empty store to its verdict; one that breaks off has failed."""
    started = time.monotonic()
    try:
        with fault.ground(places, store) as ground:
            row = _on(ground, fault, store)
    except Skipped as reason:
        return Row(fault.name, store, skipped=str(reason))
    except Exception as error:
        row = Row(fault.name, store, Verdict(0, 0, 0, 0, [f"it broke off: {error!r}"]))
    return replace(row, seconds=round(time.monotonic() - started, 1))


def _on(ground: Ground, fault: Fault, store: str) -> Row:
    clock = Clock(ground.folder / "clock")
    stage = Stage(ground, clock, fault.settings(clock))
    good = False
    try:
        stage.prepare()
        stage.service.start()
        recovered = _struck(stage, fault)
        evidence = gather(stage.service, ground)
        evidence.flaws.extend(fault.flaws(stage))
        verdict = judge(stage.account, evidence)
        good = verdict.good
    finally:
        stage.service.close()
        if not good:
            stage.keep_log(log_of(fault.name, store))
    told = stage.account
    kept = len(told.kept_though_refused)
    return Row(fault.name, store, verdict, recovered, told.refusals, told.cuts, kept)


def log_of(fault: str, store: str) -> Path:
    """Return where the server's log of a row that went wrong is kept."""
    name = f"kitledger-chaos-{fault.replace(' ', '-').lower()}-{store}.log"
    return Path(tempfile.gettempdir()) / name


def _struck(stage: Stage, fault: Fault) -> float | None:
    """Let the fault loose under load; return the seconds until it was over."""
    with stage.load():
        fault.strike(stage)
        recovered = stage.recovery()
        if fault.until_shown:
            recovered = stage.shown()
        time.sleep(AFTER_SECONDS)
    if recovered is None:
        stage.account.fault("it never recovered")
    if fault.felt and not stage.account.refusals + stage.account.cuts:
        stage.account.fault("nobody noticed the fault")
    return recovered
