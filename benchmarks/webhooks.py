"""The ratios about one server under load: webhooks single and in arrays, and reading a kit."""

from benchmarks.measures import LoadRuns, Measurement, Profile, Ratio, measurement
from benchmarks.servers import Server
from benchmarks.workloads import call_reference, ingest, read_kits

ARRAY_SIZE = 100


def measure(server: Server, reference: str, profile: Profile) -> LoadRuns:
    """Load the service and the reference in turns; wait for the projector before reads."""
    runs = LoadRuns()
    ingest(server, 1)
    for _ in range(profile.rounds):
        runs.add("reference", *call_reference(reference, profile.seconds))
        runs.add("single", *ingest(server, profile.seconds))
        server.store.wait_until_projected()
        runs.add("read", *read_kits(server, profile.seconds))
        runs.add("array", *ingest(server, profile.seconds, ARRAY_SIZE))
        server.store.wait_until_projected()
    return runs


def ratios(runs: LoadRuns) -> list[Ratio]:
    """Return the ratios of the runs."""
    reference = measurement("Flask route, constant answer", runs.loads["reference"])
    single = measurement("durable single webhooks", runs.loads["single"])
    events = Measurement("events one by one", "events/s", single.rates, single.p50, single.p99)
    arrays = measurement(
        f"in arrays of {ARRAY_SIZE}", runs.loads["array"], size=ARRAY_SIZE, unit="events/s"
    )
    read = measurement("GET one kit", runs.loads["read"])

    def problems(measured: str, baseline: str) -> list[str]:
        return runs.problems[measured] + runs.problems[baseline]

    return [
        Ratio(
            "single webhooks / Flask reference",
            single,
            reference,
            0.5,
            problems("single", "reference"),
        ),
        Ratio(
            f"events in arrays of {ARRAY_SIZE} / one by one",
            arrays,
            events,
            8.0,
            problems("array", "single"),
        ),
        Ratio(
            "reading one kit / Flask reference", read, reference, 0.5, problems("read", "reference")
        ),
    ]
