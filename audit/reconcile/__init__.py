"""Reconciling: the rows of every read model beside a fold of the log by the aggregates' own code."""

from audit.reconcile.difference import Difference
from audit.reconcile.reconciliation import Reconciliation

__all__ = ["Difference", "Reconciliation"]
