// The binary interface of metrics in numbers; see layout.c.

#include "layout.h"

SIZE(orch_distribution, 48);
FIELD(orch_distribution, count, 0, 8);
FIELD(orch_distribution, sum, 8, 8);
FIELD(orch_distribution, p50, 16, 8);
FIELD(orch_distribution, p95, 24, 8);
FIELD(orch_distribution, p99, 32, 8);
FIELD(orch_distribution, max, 40, 8);

SIZE(orch_traffic, 32);
FIELD(orch_traffic, received_bytes, 0, 8);
FIELD(orch_traffic, received_messages, 8, 8);
FIELD(orch_traffic, sent_bytes, 16, 8);
FIELD(orch_traffic, sent_messages, 24, 8);

SIZE(orch_gaps, 16);
FIELD(orch_gaps, count, 0, 8);
FIELD(orch_gaps, bytes, 8, 8);

SIZE(orch_kind_count, 24);
FIELD(orch_kind_count, kind, 0, 16);
FIELD(orch_kind_count, count, 16, 8);

SIZE(orch_kind_counts, 24);
FIELD(orch_kind_counts, items, 0, 8);
FIELD(orch_kind_counts, count, 8, 8);
FIELD(orch_kind_counts, stride, 16, 8);

SIZE(orch_stage_metrics, 64);
FIELD(orch_stage_metrics, stage, 0, 4);
FIELD(orch_stage_metrics, reserved, 4, 4);
FIELD(orch_stage_metrics, wall, 8, 48);
FIELD(orch_stage_metrics, cost, 56, 8);

SIZE(orch_metrics, 920);
FIELD(orch_metrics, size, 0, 8);
FIELD(orch_metrics, uptime_ns, 8, 8);
FIELD(orch_metrics, observing, 16, 4);
FIELD(orch_metrics, reserved, 20, 4);
FIELD(orch_metrics, invariants_broken, 24, 8);
FIELD(orch_metrics, errors, 32, 24);
FIELD(orch_metrics, log_lines_dropped, 56, 8);
FIELD(orch_metrics, notices, 64, 8);
FIELD(orch_metrics, reviews, 72, 8);
FIELD(orch_metrics, jobs, 80, 8);
FIELD(orch_metrics, turns, 88, 8);
FIELD(orch_metrics, turns_unfinished, 96, 8);
FIELD(orch_metrics, turn_cpu, 104, 48);
FIELD(orch_metrics, turn_wall, 152, 48);
FIELD(orch_metrics, loop_lag, 200, 48);
FIELD(orch_metrics, stages, 248, 8);
FIELD(orch_metrics, stage_count, 256, 8);
FIELD(orch_metrics, stage_stride, 264, 8);
FIELD(orch_metrics, terminals, 272, 8);
FIELD(orch_metrics, terminals_started, 280, 8);
FIELD(orch_metrics, terminals_stopped, 288, 8);
FIELD(orch_metrics, output_bytes, 296, 8);
FIELD(orch_metrics, input_bytes, 304, 8);
FIELD(orch_metrics, input_waiting_bytes, 312, 8);
FIELD(orch_metrics, log_bytes, 320, 8);
FIELD(orch_metrics, log_bytes_max, 328, 8);
FIELD(orch_metrics, screen_bytes, 336, 8);
FIELD(orch_metrics, screen_bytes_max, 344, 8);
FIELD(orch_metrics, reader_gaps, 352, 16);
FIELD(orch_metrics, response, 368, 48);
FIELD(orch_metrics, watches, 416, 8);
FIELD(orch_metrics, watch_entries, 424, 8);
FIELD(orch_metrics, watch_dirty_names, 432, 8);
FIELD(orch_metrics, watch_kernel_events, 440, 8);
FIELD(orch_metrics, watch_events, 448, 8);
FIELD(orch_metrics, watch_batches, 456, 8);
FIELD(orch_metrics, watch_overflows, 464, 8);
FIELD(orch_metrics, watch_latency, 472, 48);
FIELD(orch_metrics, state_bytes, 520, 8);
FIELD(orch_metrics, state_bytes_max, 528, 8);
FIELD(orch_metrics, state_version, 536, 8);
FIELD(orch_metrics, listeners, 544, 8);
FIELD(orch_metrics, connections, 552, 8);
FIELD(orch_metrics, clients, 560, 8);
FIELD(orch_metrics, connections_accepted, 568, 8);
FIELD(orch_metrics, requests_refused, 576, 24);
FIELD(orch_metrics, clients_closed, 600, 24);
FIELD(orch_metrics, client_errors, 624, 24);
FIELD(orch_metrics, client_traffic, 648, 32);
FIELD(orch_metrics, client_queued_bytes, 680, 8);
FIELD(orch_metrics, client_partial_bytes, 688, 8);
FIELD(orch_metrics, client_gaps, 696, 16);
FIELD(orch_metrics, client_round_trip, 712, 48);
FIELD(orch_metrics, diff_bytes, 760, 48);
FIELD(orch_metrics, diff_age, 808, 48);
FIELD(orch_metrics, peers, 856, 8);
FIELD(orch_metrics, peers_connected, 864, 8);
FIELD(orch_metrics, peer_traffic, 872, 32);
FIELD(orch_metrics, peer_received_bytes, 904, 8);
FIELD(orch_metrics, peer_queued_bytes, 912, 8);

SIZE(orch_terminal_metrics, 120);
FIELD(orch_terminal_metrics, size, 0, 8);
FIELD(orch_terminal_metrics, output_bytes, 8, 8);
FIELD(orch_terminal_metrics, input_bytes, 16, 8);
FIELD(orch_terminal_metrics, input_waiting_bytes, 24, 8);
FIELD(orch_terminal_metrics, log_bytes, 32, 8);
FIELD(orch_terminal_metrics, screen_bytes, 40, 8);
FIELD(orch_terminal_metrics, unread_bytes, 48, 8);
FIELD(orch_terminal_metrics, reader_gaps, 56, 16);
FIELD(orch_terminal_metrics, response, 72, 48);

SIZE(orch_client_metrics, 224);
FIELD(orch_client_metrics, size, 0, 8);
FIELD(orch_client_metrics, traffic, 8, 32);
FIELD(orch_client_metrics, queued_bytes, 40, 8);
FIELD(orch_client_metrics, queued_messages, 48, 8);
FIELD(orch_client_metrics, attachments, 56, 8);
FIELD(orch_client_metrics, gaps, 64, 16);
FIELD(orch_client_metrics, round_trip, 80, 48);
FIELD(orch_client_metrics, diff_bytes, 128, 48);
FIELD(orch_client_metrics, diff_age, 176, 48);

SIZE(orch_watch_metrics, 112);
FIELD(orch_watch_metrics, size, 0, 8);
FIELD(orch_watch_metrics, entries, 8, 8);
FIELD(orch_watch_metrics, dirty_names, 16, 8);
FIELD(orch_watch_metrics, waiting_directories, 24, 8);
FIELD(orch_watch_metrics, kernel_events, 32, 8);
FIELD(orch_watch_metrics, events, 40, 8);
FIELD(orch_watch_metrics, batches, 48, 8);
FIELD(orch_watch_metrics, overflows, 56, 8);
FIELD(orch_watch_metrics, latency, 64, 48);

VALUE(ORCH_REPORT_METRICS, 1);
VALUE(ORCH_REPORT_ONLY, 2);

int main(void) { return 0; }
