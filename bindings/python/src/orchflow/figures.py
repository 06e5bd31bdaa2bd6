"""Figures of an engine and its parts: the fields of the C structs under the same names.

docs/METRICS.md explains them. Times are in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from ._native import elements, lib, text

T = TypeVar("T")
Counts = Mapping[str, int]

STAGES: Mapping[int, str] = {
    getattr(lib, name): name.removeprefix("ORCH_STAGE_").lower()
    for name in dir(lib)
    if name.startswith("ORCH_STAGE_")
}


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of times or sizes. Percentiles are rounded up."""

    count: int
    sum: int
    p50: int
    p95: int
    p99: int
    max: int


@dataclass(frozen=True, slots=True)
class Traffic:
    received_bytes: int
    received_messages: int
    sent_bytes: int
    sent_messages: int


@dataclass(frozen=True, slots=True)
class Gaps:
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StageMetrics:
    stage: str
    wall: Distribution
    cost: int


@dataclass(frozen=True, slots=True)
class StageStats:
    stage: str
    wall_p50_ns: int
    wall_p99_ns: int
    wall_max_ns: int
    cost: int
    unit_cost_max: int


@dataclass(frozen=True, slots=True)
class TurnStats:
    """How the turns went since the engine was made or `reset_stats` was called."""

    log_bytes: int
    screen_bytes: int
    invariants_broken: int
    turns: int
    unfinished: int
    cpu_p50_ns: int
    cpu_p99_ns: int
    cpu_max_ns: int
    wall_p50_ns: int
    wall_p99_ns: int
    wall_max_ns: int
    typing_wait_cost: int
    longest_stage: str
    stages: tuple[StageStats, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """What memory is used for, in bytes, about; and who gave way when it was nearly used up."""

    logs: int
    screens: int
    input: int
    state: int
    tombstones: int
    watches: int
    clients: int
    requests: int
    peers: int
    resources: int
    inbox: int
    events: int
    total: int
    limit: int
    gave_way_log_history: int
    gave_way_scrollback: int
    gave_way_tombstones: int
    gave_way_clients: int
    refused: int
    is_full: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of an engine since it was made."""

    uptime_ns: int
    observing: int
    invariants_broken: int
    errors: Counts
    log_lines_dropped: int
    notices: int
    reviews: int
    jobs: int
    turns: int
    turns_unfinished: int
    turn_cpu: Distribution
    turn_wall: Distribution
    loop_lag: Distribution
    stages: tuple[StageMetrics, ...]
    terminals: int
    terminals_started: int
    terminals_stopped: int
    output_bytes: int
    input_bytes: int
    input_waiting_bytes: int
    log_bytes: int
    log_bytes_max: int
    screen_bytes: int
    screen_bytes_max: int
    reader_gaps: Gaps
    response: Distribution
    watches: int
    watch_entries: int
    watch_dirty_names: int
    watch_kernel_events: int
    watch_events: int
    watch_batches: int
    watch_overflows: int
    watch_latency: Distribution
    state_bytes: int
    state_bytes_max: int
    state_version: int
    listeners: int
    connections: int
    clients: int
    connections_accepted: int
    requests_refused: Counts
    clients_closed: Counts
    client_errors: Counts
    client_traffic: Traffic
    client_queued_bytes: int
    client_partial_bytes: int
    client_gaps: Gaps
    client_round_trip: Distribution
    diff_bytes: Distribution
    diff_age: Distribution
    peers: int
    peers_connected: int
    peer_traffic: Traffic
    peer_received_bytes: int
    peer_queued_bytes: int


@dataclass(frozen=True, slots=True)
class TerminalMetrics:
    output_bytes: int
    input_bytes: int
    input_waiting_bytes: int
    log_bytes: int
    screen_bytes: int
    unread_bytes: int
    reader_gaps: Gaps
    response: Distribution


@dataclass(frozen=True, slots=True)
class WatchMetrics:
    entries: int
    dirty_names: int
    waiting_directories: int
    kernel_events: int
    events: int
    batches: int
    overflows: int
    latency: Distribution


@dataclass(frozen=True, slots=True)
class ClientMetrics:
    traffic: Traffic
    queued_bytes: int
    queued_messages: int
    attachments: int
    gaps: Gaps
    round_trip: Distribution
    diff_bytes: Distribution
    diff_age: Distribution


NESTED: Mapping[str, Any] = {"Distribution": Distribution, "Traffic": Traffic, "Gaps": Gaps}
STRUCTS: Mapping[type[Any], str] = {
    Distribution: "orch_distribution",
    Traffic: "orch_traffic",
    Gaps: "orch_gaps",
    StageMetrics: "orch_stage_metrics",
    StageStats: "orch_stage_stats",
    TurnStats: "orch_engine_stats",
    Memory: "orch_memory",
    Metrics: "orch_metrics",
    TerminalMetrics: "orch_terminal_metrics",
    WatchMetrics: "orch_watch_metrics",
    ClientMetrics: "orch_client_metrics",
}
"""Which struct each class stands for: the fields are the same, but for sizes, counts and strides."""


def figures(kind: type[T], struct: Any) -> T:
    """The fields of a struct as the class that stands for it."""
    return kind(**{one.name: _field(one.type, one.name, struct) for one in fields(kind)})  # type: ignore[arg-type]


def _field(kind: Any, name: str, struct: Any) -> Any:
    value = getattr(struct, name)
    if kind == "int":
        return value
    if kind == "str":
        return STAGES.get(value, "")
    if kind == "Counts":
        items = elements("orch_kind_count", value.items, value.stride, value.count)
        return {text(item.kind): item.count for item in items}
    if name == "stages":
        made: type[Any] = StageMetrics if "StageMetrics" in kind else StageStats
        stages = elements(STRUCTS[made], value, struct.stage_stride, struct.stage_count)
        return tuple(figures(made, one) for one in stages)
    return figures(NESTED[kind], value)
