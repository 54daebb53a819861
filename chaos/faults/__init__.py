"""All faults, in the order of the report."""

from chaos.fault import Fault
from chaos.faults.clients import ManyClients, SilentClients, SlowClients
from chaos.faults.clocks import ClockSetBack
from chaos.faults.connections import BackendsTerminated, CommitsCut
from chaos.faults.disks import DiskFull, FileLimit
from chaos.faults.files import LedgerMoved, LedgerRestored, MetricsRemoved, ReadModelsDamaged
from chaos.faults.followers import FollowersCut
from chaos.faults.locks import AppendLockHeld, LedgerLocked
from chaos.faults.pools import PoolExhausted
from chaos.faults.processes import MasterKilled, ProjectorKilled, WorkerKilled
from chaos.faults.servers import Failover, PostmasterKilled, ServerStopped

FAULTS: tuple[type[Fault], ...] = (
    WorkerKilled,
    MasterKilled,
    ProjectorKilled,
    ServerStopped,
    PostmasterKilled,
    Failover,
    CommitsCut,
    BackendsTerminated,
    DiskFull,
    FileLimit,
    MetricsRemoved,
    ReadModelsDamaged,
    LedgerRestored,
    LedgerMoved,
    LedgerLocked,
    AppendLockHeld,
    PoolExhausted,
    ClockSetBack,
    SlowClients,
    SilentClients,
    ManyClients,
    FollowersCut,
)
