"""The append-only event store: eventsourcing persistence modules, chosen by PERSISTENCE_MODULE."""
