/* orchflow.h without comments and preprocessor. */
const char *orch_library_get_version(void);
typedef struct orch_bytes {
    const void *data;
    size_t len;
} orch_bytes;
struct orch_bytes orch_str(const char *text);
const void *orch_element_at(const void *elements,
                            size_t stride,
                            size_t index);
typedef int32_t orch_status;
enum {
    ORCH_OK = 0,
    ORCH_DONE = 1,
    ORCH_E_INVALID = -1,
    ORCH_E_STALE_ID = -2,
    ORCH_E_LIMIT = -3,
    ORCH_E_NO_PROGRAM = -4,
    ORCH_E_NOT_EXECUTABLE = -5,
    ORCH_E_NO_DIRECTORY = -6,
    ORCH_E_NO_PTY = -7,
    ORCH_E_NO_FD = -8,
    ORCH_E_CLOSING = -9,
    ORCH_E_ENDED = -10,
    ORCH_E_SKIPPED = -11,
    ORCH_E_FORKED = -12,
    ORCH_E_GONE = -13,
    ORCH_E_SYSTEM = -14,
    ORCH_E_WRONG_THREAD = -15,
    ORCH_E_PANIC = -16,
    ORCH_E_POISONED = -17,
    ORCH_E_BUSY = -18,
    ORCH_E_NO_SCREEN = -19,
    ORCH_E_NOT_FOUND = -20,
    ORCH_E_PERMISSION = -21,
    ORCH_E_NOT_DIRECTORY = -22,
    ORCH_E_CONFLICT = -23,
    ORCH_E_FORBIDDEN = -24,
    ORCH_E_DISCONNECTED = -25,
};
const char *orch_status_get_name(orch_status status);
orch_status orch_struct_init(void *out,
                             size_t size);
typedef struct orch_error {
    size_t size;
    orch_status status;
    int32_t os_error;
    struct orch_bytes message;
} orch_error;
typedef struct orch_engine orch_engine;
orch_status orch_error_get(const struct orch_engine *engine, struct orch_error *out_error);
typedef uint32_t orch_log_level;
enum {
    ORCH_LOG_ERROR = 1,
    ORCH_LOG_WARN = 2,
    ORCH_LOG_INFO = 3,
};
typedef struct orch_config {
    size_t size;
    orch_log_level log_level;
    uint32_t reserved;
    size_t terminals;
    size_t readers_per_terminal;
    size_t log_bytes;
    size_t log_bytes_max;
    size_t log_bytes_total;
    size_t input_bytes;
    size_t inbox_commands;
    size_t inbox_bytes;
    size_t events;
    size_t turn_bytes_per_terminal;
    size_t turn_bytes;
    uint32_t turn_time_us;
    uint32_t turn_time_typing_us;
    uint32_t typing_window_ms;
    uint32_t resize_interval_ms;
    size_t screen_cells;
    size_t scrollback_rows;
    size_t screen_bytes_total;
    size_t watches;
    size_t watch_entries;
    size_t watch_dirty_names;
    size_t watch_batch_events;
    size_t watch_read_bytes;
    size_t watch_tombstones;
    size_t state_sessions;
    size_t state_panes;
    size_t state_session_panes;
    size_t state_bytes;
    size_t state_tombstone_bytes;
    size_t state_change_ops;
    size_t listeners;
    size_t clients;
    size_t clients_pending;
    size_t client_queue_bytes;
    size_t client_message_bytes;
    size_t client_inflated_bytes;
    uint64_t client_messages_per_second;
    uint64_t client_bytes_per_second;
    size_t client_attachments;
    size_t client_window_bytes;
    size_t client_watches;
    size_t reviews;
    uint32_t client_hello_ms;
    uint32_t client_stall_ms;
    uint32_t review_changes;
    uint32_t reserved_end;
    size_t peers;
    size_t peer_queue_bytes;
    uint32_t turn_time_warn_us;
    uint32_t client_hold_ms;
    size_t client_partial_bytes_total;
    size_t resource_bytes;
    size_t recorder_events;
    size_t memory_bytes_total;
} orch_config;
orch_status orch_engine_create(const struct orch_config *config, struct orch_engine **out_engine);
orch_status orch_engine_destroy(struct orch_engine *engine);
orch_status orch_program_reap(size_t *out_left);
orch_status orch_engine_get_fd(const struct orch_engine *engine);
orch_status orch_engine_turn(struct orch_engine *engine, int32_t timeout_ms);
orch_status orch_engine_get_timeout(struct orch_engine *engine,
                                    int32_t *out_ms);
orch_status orch_engine_shutdown(struct orch_engine *engine, uint32_t grace_ms);
orch_status orch_engine_bind_thread(struct orch_engine *engine);
typedef uint32_t orch_list_kind;
enum {
    ORCH_LIST_TERMINALS = 1,
    ORCH_LIST_ACTIVE_TERMINALS = 2,
    ORCH_LIST_WATCHES = 3,
    ORCH_LIST_LISTENERS = 4,
    ORCH_LIST_CLIENTS = 5,
    ORCH_LIST_PEERS = 6,
};
orch_status orch_engine_list(struct orch_engine *engine,
                             orch_list_kind kind,
                             uint64_t *out_ids,
                             size_t capacity,
                             size_t *out_count);
typedef uint32_t orch_stage;
enum {
    ORCH_STAGE_KERNEL = 1,
    ORCH_STAGE_TIMERS = 2,
    ORCH_STAGE_INBOX = 3,
    ORCH_STAGE_TYPING = 4,
    ORCH_STAGE_CLIENTS = 5,
    ORCH_STAGE_JOBS = 6,
    ORCH_STAGE_PEERS = 7,
    ORCH_STAGE_READS = 8,
    ORCH_STAGE_WATCHES = 9,
    ORCH_STAGE_STATE = 10,
    ORCH_STAGE_SENDING = 11,
};
typedef struct orch_stage_stats {
    orch_stage stage;
    uint32_t reserved;
    uint64_t wall_p50_ns;
    uint64_t wall_p99_ns;
    uint64_t wall_max_ns;
    uint64_t cost;
    uint64_t unit_cost_max;
} orch_stage_stats;
typedef struct orch_engine_stats {
    size_t size;
    size_t log_bytes;
    size_t screen_bytes;
    uint64_t invariants_broken;
    uint64_t turns;
    uint64_t unfinished;
    uint64_t cpu_p50_ns;
    uint64_t cpu_p99_ns;
    uint64_t cpu_max_ns;
    uint64_t wall_p50_ns;
    uint64_t wall_p99_ns;
    uint64_t wall_max_ns;
    uint64_t typing_wait_cost;
    orch_stage longest_stage;
    uint32_t reserved;
    const struct orch_stage_stats *stages;
    size_t stage_count;
    size_t stage_stride;
} orch_engine_stats;
orch_status orch_engine_get_stats(struct orch_engine *engine, struct orch_engine_stats *out_stats);
typedef struct orch_memory {
    size_t size;
    size_t logs;
    size_t screens;
    size_t input;
    size_t state;
    size_t tombstones;
    size_t watches;
    size_t clients;
    size_t requests;
    size_t peers;
    size_t resources;
    size_t inbox;
    size_t events;
    size_t total;
    size_t limit;
    uint64_t gave_way_log_history;
    uint64_t gave_way_scrollback;
    uint64_t gave_way_tombstones;
    uint64_t gave_way_clients;
    uint64_t refused;
    uint32_t is_full;
    uint32_t reserved;
} orch_memory;
orch_status orch_engine_get_memory(struct orch_engine *engine,
                                   struct orch_memory *out_memory);
orch_status orch_engine_reset_stats(struct orch_engine *engine);
typedef uint32_t orch_health_status;
enum {
    ORCH_HEALTH_OK = 1,
    ORCH_HEALTH_DEGRADED = 2,
    ORCH_HEALTH_FAILED = 3,
};
typedef uint32_t orch_health_part;
enum {
    ORCH_PART_LOOP = 1,
    ORCH_PART_MEMORY = 2,
    ORCH_PART_SPAWNING = 3,
    ORCH_PART_TERMINAL = 4,
    ORCH_PART_WATCH = 5,
    ORCH_PART_LISTENER = 6,
    ORCH_PART_CLIENT = 7,
    ORCH_PART_PEER = 8,
};
typedef uint32_t orch_health_reason;
enum {
    ORCH_REASON_NONE = 0,
    ORCH_REASON_SLOW_TURNS = 1,
    ORCH_REASON_INVARIANTS_BROKEN = 2,
    ORCH_REASON_MEMORY_FULL = 3,
    ORCH_REASON_OUT_OF_DESCRIPTORS = 4,
    ORCH_REASON_OUT_OF_PTYS = 5,
    ORCH_REASON_OUT_OF_PROCESSES = 6,
    ORCH_REASON_SCREEN_REBUILT = 7,
    ORCH_REASON_OUTPUT_PAUSED = 8,
    ORCH_REASON_OUTPUT_STARVED = 9,
    ORCH_REASON_PROGRAM_CRASHES = 10,
    ORCH_REASON_PARTIAL = 11,
    ORCH_REASON_UNREADABLE = 12,
    ORCH_REASON_OUT_OF_WATCHES = 13,
    ORCH_REASON_EVENTS_LOST = 14,
    ORCH_REASON_ROOT_MISSING = 15,
    ORCH_REASON_SAVE_FAILED = 16,
    ORCH_REASON_DISK_FULL = 17,
    ORCH_REASON_STALLED = 18,
    ORCH_REASON_UNREACHABLE = 19,
    ORCH_REASON_BREAKER_OPEN = 20,
    ORCH_REASON_GIVEN_UP = 21,
};
typedef struct orch_part_health {
    orch_health_part part;
    orch_health_status status;
    uint64_t id;
    orch_health_reason reason;
    uint32_t reserved;
    uint64_t lasts_ns;
    struct orch_bytes reason_name;
    struct orch_bytes sentence;
} orch_part_health;
typedef struct orch_engine_health {
    size_t size;
    orch_health_status status;
    uint32_t reserved;
    const struct orch_part_health *parts;
    size_t part_count;
    size_t part_stride;
} orch_engine_health;
orch_status orch_engine_get_health(struct orch_engine *engine,
                                   struct orch_engine_health *out_health);
typedef uint32_t orch_text_kind;
enum {
    ORCH_TEXT_DUMP = 1,
    ORCH_TEXT_FLIGHT_RECORD = 2,
    ORCH_TEXT_METRICS = 3,
};
orch_status orch_engine_get_text(struct orch_engine *engine,
                                 orch_text_kind kind,
                                 struct orch_bytes *out_text);
typedef struct orch_distribution {
    uint64_t count;
    uint64_t sum;
    uint64_t p50;
    uint64_t p95;
    uint64_t p99;
    uint64_t max;
} orch_distribution;
typedef struct orch_traffic {
    uint64_t received_bytes;
    uint64_t received_messages;
    uint64_t sent_bytes;
    uint64_t sent_messages;
} orch_traffic;
typedef struct orch_gaps {
    uint64_t count;
    uint64_t bytes;
} orch_gaps;
typedef struct orch_kind_count {
    struct orch_bytes kind;
    uint64_t count;
} orch_kind_count;
typedef struct orch_kind_counts {
    const struct orch_kind_count *items;
    size_t count;
    size_t stride;
} orch_kind_counts;
typedef struct orch_stage_metrics {
    orch_stage stage;
    uint32_t reserved;
    struct orch_distribution wall;
    uint64_t cost;
} orch_stage_metrics;
typedef struct orch_metrics {
    size_t size;
    uint64_t uptime_ns;
    uint32_t observing;
    uint32_t reserved;
    uint64_t invariants_broken;
    struct orch_kind_counts errors;
    uint64_t log_lines_dropped;
    uint64_t notices;
    uint64_t reviews;
    uint64_t jobs;
    uint64_t turns;
    uint64_t turns_unfinished;
    struct orch_distribution turn_cpu;
    struct orch_distribution turn_wall;
    struct orch_distribution loop_lag;
    const struct orch_stage_metrics *stages;
    size_t stage_count;
    size_t stage_stride;
    uint64_t terminals;
    uint64_t terminals_started;
    uint64_t terminals_stopped;
    uint64_t output_bytes;
    uint64_t input_bytes;
    uint64_t input_waiting_bytes;
    uint64_t log_bytes;
    uint64_t log_bytes_max;
    uint64_t screen_bytes;
    uint64_t screen_bytes_max;
    struct orch_gaps reader_gaps;
    struct orch_distribution response;
    uint64_t watches;
    uint64_t watch_entries;
    uint64_t watch_dirty_names;
    uint64_t watch_kernel_events;
    uint64_t watch_events;
    uint64_t watch_batches;
    uint64_t watch_overflows;
    struct orch_distribution watch_latency;
    uint64_t state_bytes;
    uint64_t state_bytes_max;
    uint64_t state_version;
    uint64_t listeners;
    uint64_t connections;
    uint64_t clients;
    uint64_t connections_accepted;
    struct orch_kind_counts requests_refused;
    struct orch_kind_counts clients_closed;
    struct orch_kind_counts client_errors;
    struct orch_traffic client_traffic;
    uint64_t client_queued_bytes;
    uint64_t client_partial_bytes;
    struct orch_gaps client_gaps;
    struct orch_distribution client_round_trip;
    struct orch_distribution diff_bytes;
    struct orch_distribution diff_age;
    uint64_t peers;
    uint64_t peers_connected;
    struct orch_traffic peer_traffic;
    uint64_t peer_received_bytes;
    uint64_t peer_queued_bytes;
} orch_metrics;
orch_status orch_engine_get_metrics(struct orch_engine *engine,
                                    struct orch_metrics *out_metrics);
orch_status orch_engine_set_observing(struct orch_engine *engine,
                                      uint32_t observing);
typedef struct orch_terminal_metrics {
    size_t size;
    uint64_t output_bytes;
    uint64_t input_bytes;
    uint64_t input_waiting_bytes;
    uint64_t log_bytes;
    uint64_t screen_bytes;
    uint64_t unread_bytes;
    struct orch_gaps reader_gaps;
    struct orch_distribution response;
} orch_terminal_metrics;
orch_status orch_terminal_get_metrics(struct orch_engine *engine,
                                      uint64_t terminal,
                                      struct orch_terminal_metrics *out_metrics);
typedef struct orch_watch_metrics {
    size_t size;
    uint64_t entries;
    uint64_t dirty_names;
    uint64_t waiting_directories;
    uint64_t kernel_events;
    uint64_t events;
    uint64_t batches;
    uint64_t overflows;
    struct orch_distribution latency;
} orch_watch_metrics;
orch_status orch_watch_get_metrics(struct orch_engine *engine,
                                   uint64_t watch,
                                   struct orch_watch_metrics *out_metrics);
typedef struct orch_client_metrics {
    size_t size;
    struct orch_traffic traffic;
    uint64_t queued_bytes;
    uint64_t queued_messages;
    uint64_t attachments;
    struct orch_gaps gaps;
    struct orch_distribution round_trip;
    struct orch_distribution diff_bytes;
    struct orch_distribution diff_age;
} orch_client_metrics;
orch_status orch_client_get_metrics(struct orch_engine *engine,
                                    uint64_t client,
                                    struct orch_client_metrics *out_metrics);
typedef uint32_t orch_event_kind;
enum {
    ORCH_EVENT_OUTPUT = 1,
    ORCH_EVENT_GAP = 2,
    ORCH_EVENT_INPUT_READY = 3,
    ORCH_EVENT_INPUT_TRUNCATED = 4,
    ORCH_EVENT_EXITED = 5,
    ORCH_EVENT_EOF = 6,
    ORCH_EVENT_CLOSED = 7,
    ORCH_EVENT_COMPLETED = 8,
    ORCH_EVENT_LOG = 9,
    ORCH_EVENT_SHUTDOWN_COMPLETE = 10,
    ORCH_EVENT_SCREEN = 11,
    ORCH_EVENT_SNAPSHOT = 12,
    ORCH_EVENT_CLEARED = 13,
    ORCH_EVENT_DELIVERY_CHANGED = 14,
    ORCH_EVENT_TITLE = 15,
    ORCH_EVENT_CWD = 16,
    ORCH_EVENT_BELL = 17,
    ORCH_EVENT_NOTIFICATION = 18,
    ORCH_EVENT_CLIPBOARD = 19,
    ORCH_EVENT_COMMAND_STARTED = 20,
    ORCH_EVENT_COMMAND_FINISHED = 21,
    ORCH_EVENT_WATCH_READY = 22,
    ORCH_EVENT_WATCH_BATCH = 23,
    ORCH_EVENT_WATCH_SYNCED = 24,
    ORCH_EVENT_WATCH_WARNING = 25,
    ORCH_EVENT_REVIEW = 26,
    ORCH_EVENT_SLOW_TURN = 28,
    ORCH_EVENT_PROGRESS = 29,
    ORCH_EVENT_PEER_CONNECTED = 30,
    ORCH_EVENT_PEER_DISCONNECTED = 31,
    ORCH_EVENT_PEER_STATE = 32,
    ORCH_EVENT_PEER_ATTACHED = 33,
    ORCH_EVENT_PEER_DETACHED = 34,
    ORCH_EVENT_PEER_OUTPUT = 35,
    ORCH_EVENT_PEER_GAP = 36,
    ORCH_EVENT_PEER_SNAPSHOT = 37,
    ORCH_EVENT_PEER_SCREEN = 38,
    ORCH_EVENT_PEER_EXITED = 39,
    ORCH_EVENT_PEER_REPLY = 40,
    ORCH_EVENT_PEER_APPLIED = 41,
    ORCH_EVENT_PEER_REJECTED = 42,
    ORCH_EVENT_PEER_PROBLEM = 43,
    ORCH_EVENT_PEER_DELIVERY_CHANGED = 44,
    ORCH_EVENT_PEER_NOTICE = 45,
    ORCH_EVENT_HEALTH = 46,
    ORCH_EVENT_RESTART = 47,
};
typedef union orch_event_payload {
    const void *any;
    const struct orch_event_output *output;
    const struct orch_event_gap *gap;
    const struct orch_event_exited *exited;
    const struct orch_event_eof *eof;
    const struct orch_event_screen *screen;
    const struct orch_event_snapshot *snapshot;
    const struct orch_event_cleared *cleared;
    const struct orch_event_delivery_changed *delivery_changed;
    const struct orch_event_title *title;
    const struct orch_event_cwd *cwd;
    const struct orch_event_bell *bell;
    const struct orch_event_notification *notification;
    const struct orch_event_clipboard *clipboard;
    const struct orch_event_command_started *command_started;
    const struct orch_event_command_finished *command_finished;
    const struct orch_event_progress *progress;
    const struct orch_event_watch_ready *watch_ready;
    const struct orch_event_watch_batch *watch_batch;
    const struct orch_event_watch_synced *watch_synced;
    const struct orch_event_watch_warning *watch_warning;
    const struct orch_event_completed *completed;
    const struct orch_event_log *log;
    const struct orch_event_slow_turn *slow_turn;
    const struct orch_event_review *review;
    const struct orch_event_peer_connected *peer_connected;
    const struct orch_event_peer_disconnected *peer_disconnected;
    const struct orch_event_peer_state *peer_state;
    const struct orch_event_peer_attached *peer_attached;
    const struct orch_event_peer_detached *peer_detached;
    const struct orch_event_peer_output *peer_output;
    const struct orch_event_peer_gap *peer_gap;
    const struct orch_event_peer_snapshot *peer_snapshot;
    const struct orch_event_peer_screen *peer_screen;
    const struct orch_event_peer_exited *peer_exited;
    const struct orch_event_peer_reply *peer_reply;
    const struct orch_event_peer_applied *peer_applied;
    const struct orch_event_peer_rejected *peer_rejected;
    const struct orch_event_peer_problem *peer_problem;
    const struct orch_event_peer_delivery_changed *peer_delivery_changed;
    const struct orch_event_peer_notice *peer_notice;
    const struct orch_event_health *health;
    const struct orch_event_restart *restart;
} orch_event_payload;
typedef struct orch_event {
    size_t size;
    orch_event_kind kind;
    uint32_t reserved;
    uint64_t source;
    uint64_t tag;
    union orch_event_payload payload;
} orch_event;
orch_status orch_engine_next_event(struct orch_engine *engine,
                                   struct orch_event *out_event);
typedef struct orch_event_completed {
    orch_status status;
    uint32_t reserved;
    uint64_t terminal;
    struct orch_bytes message;
} orch_event_completed;
typedef struct orch_event_log {
    orch_log_level level;
    uint32_t reserved;
    struct orch_bytes text;
    uint64_t client;
} orch_event_log;
typedef struct orch_event_slow_turn {
    uint32_t count;
    orch_stage stage;
    struct orch_bytes stage_name;
    uint64_t cpu_ns;
    uint64_t wall_ns;
    uint64_t stage_wall_ns;
} orch_event_slow_turn;
typedef struct orch_event_health {
    struct orch_part_health health;
} orch_event_health;
typedef struct orch_size {
    uint16_t cols;
    uint16_t rows;
    uint16_t pixel_width;
    uint16_t pixel_height;
} orch_size;
typedef uint32_t orch_delivery;
enum {
    ORCH_DELIVERY_LOSSLESS = 0,
    ORCH_DELIVERY_LOSSY = 1,
    ORCH_DELIVERY_NONE = 2,
    ORCH_DELIVERY_SCREEN = 3,
};
typedef struct orch_spawn_options {
    size_t size;
    const struct orch_bytes *argv;
    size_t argv_len;
    const struct orch_bytes *env;
    size_t env_len;
    uint32_t env_clear;
    orch_delivery delivery;
    struct orch_bytes cwd;
    struct orch_size window;
    size_t log_bytes;
    uint64_t tag;
    const struct orch_screen_options *screen;
    const struct orch_restart_options *restart;
} orch_spawn_options;
orch_status orch_terminal_spawn(struct orch_engine *engine,
                                const struct orch_spawn_options *options,
                                uint64_t *out_terminal);
orch_status orch_terminal_spawn_many(struct orch_engine *engine,
                                     const struct orch_spawn_options *options,
                                     size_t count,
                                     size_t stride,
                                     uint64_t *out_terminals,
                                     orch_status *out_statuses);
typedef struct orch_adopt_options {
    size_t size;
    int32_t pid;
    orch_delivery delivery;
    struct orch_size window;
    size_t log_bytes;
    uint64_t tag;
    const struct orch_screen_options *screen;
} orch_adopt_options;
orch_status orch_terminal_adopt(struct orch_engine *engine,
                                int32_t fd,
                                const struct orch_adopt_options *options,
                                uint64_t *out_terminal);
orch_status orch_terminal_write(struct orch_engine *engine,
                                uint64_t terminal,
                                const void *data,
                                size_t len,
                                size_t *out_accepted);
orch_status orch_terminal_paste(struct orch_engine *engine,
                                uint64_t terminal,
                                const void *data,
                                size_t len);
orch_status orch_terminal_resize(struct orch_engine *engine,
                                 uint64_t terminal,
                                 struct orch_size window);
typedef uint32_t orch_signal_target;
enum {
    ORCH_SIGNAL_FOREGROUND = 0,
    ORCH_SIGNAL_LEADER = 1,
};
orch_status orch_terminal_signal(struct orch_engine *engine,
                                 uint64_t terminal,
                                 int32_t signal,
                                 orch_signal_target target);
typedef uint32_t orch_control;
enum {
    ORCH_CONTROL_EOF = 1,
    ORCH_CONTROL_CLEAR = 2,
};
orch_status orch_terminal_control(struct orch_engine *engine,
                                  uint64_t terminal,
                                  orch_control control);
typedef uint32_t orch_mode;
enum {
    ORCH_MODE_RAW = 1,
    ORCH_MODE_COOKED = 2,
    ORCH_MODE_ECHO = 3,
    ORCH_MODE_NO_ECHO = 4,
};
typedef uint32_t orch_size_policy;
enum {
    ORCH_SIZE_POLICY_FIXED = 1,
    ORCH_SIZE_POLICY_SMALLEST = 2,
    ORCH_SIZE_POLICY_LATEST = 3,
};
typedef uint32_t orch_terminal_option;
enum {
    ORCH_TERMINAL_OPTION_PAUSED = 1,
    ORCH_TERMINAL_OPTION_MODE = 2,
    ORCH_TERMINAL_OPTION_SIZE_POLICY = 3,
};
orch_status orch_terminal_set(struct orch_engine *engine,
                              uint64_t terminal,
                              orch_terminal_option option,
                              uint32_t value);
orch_status orch_terminal_close(struct orch_engine *engine,
                                uint64_t terminal,
                                uint32_t grace_ms);
typedef uint32_t orch_op_kind;
enum {
    ORCH_OP_INPUT = 1,
    ORCH_OP_RESIZE = 2,
    ORCH_OP_SET_MODE = 3,
    ORCH_OP_SIGNAL = 4,
    ORCH_OP_PASTE = 5,
    ORCH_OP_CLEAR = 6,
    ORCH_OP_SCROLL_TO = 7,
    ORCH_OP_INTERRUPT = 8,
    ORCH_OP_EOF = 9,
    ORCH_OP_CLOSE = 10,
};
typedef struct orch_op {
    uint64_t terminal;
    orch_op_kind kind;
    uint32_t value;
    int32_t signal;
    uint32_t reserved;
    const void *data;
    size_t len;
    struct orch_size window;
    uint64_t reader;
} orch_op;
typedef struct orch_batch_result {
    size_t size;
    size_t total;
    size_t succeeded;
    size_t failed;
    uint64_t duration_ns;
} orch_batch_result;
orch_status orch_terminal_batch(struct orch_engine *engine,
                                const struct orch_op *ops,
                                size_t count,
                                size_t stride,
                                orch_status *out_statuses,
                                struct orch_batch_result *out_result);
orch_status orch_terminal_write_many(struct orch_engine *engine,
                                     const uint64_t *terminals,
                                     size_t count,
                                     const void *data,
                                     size_t len,
                                     orch_status *out_statuses,
                                     struct orch_batch_result *out_result);
typedef struct orch_event_output {
    uint64_t reader;
    uint64_t offset;
    const uint8_t *data;
    size_t len;
} orch_event_output;
typedef struct orch_event_gap {
    uint64_t reader;
    uint64_t start;
    uint64_t end;
} orch_event_gap;
typedef uint32_t orch_exit_kind;
enum {
    ORCH_EXIT_CODE = 1,
    ORCH_EXIT_SIGNAL = 2,
    ORCH_EXIT_UNKNOWN = 3,
};
typedef struct orch_event_exited {
    orch_exit_kind exit_kind;
    int32_t exit_value;
    uint32_t core_dumped;
    uint32_t reserved;
    uint64_t end;
} orch_event_exited;
typedef struct orch_event_eof {
    uint64_t end;
} orch_event_eof;
typedef uint32_t orch_restart_flags;
enum {
    ORCH_RESTART_ALWAYS = 1,
    ORCH_RESTART_CLOSE_ENDED = 2,
};
typedef struct orch_restart_options {
    size_t size;
    orch_restart_flags flags;
    uint32_t keep_ended;
    const struct orch_retry_options *retry;
    const struct orch_breaker_options *breaker;
    uint64_t stable_after_ns;
} orch_restart_options;
typedef uint32_t orch_breaker_state;
enum {
    ORCH_BREAKER_CLOSED = 0,
    ORCH_BREAKER_OPEN = 1,
    ORCH_BREAKER_HALF_OPEN = 2,
};
typedef uint32_t orch_restart_step;
enum {
    ORCH_RESTART_STEP_WAITING = 1,
    ORCH_RESTART_STEP_STARTED = 2,
    ORCH_RESTART_STEP_GIVEN_UP = 3,
};
typedef struct orch_event_restart {
    orch_restart_step step;
    orch_breaker_state breaker;
    uint64_t terminal;
    int64_t start_in_ns;
    uint32_t attempts;
    orch_status error;
    struct orch_bytes message;
} orch_event_restart;
typedef uint32_t orch_start;
enum {
    ORCH_START_DEFAULT = 0,
    ORCH_START_OLDEST = 1,
    ORCH_START_NOW = 2,
    ORCH_START_OFFSET = 3,
    ORCH_START_RESUME = 4,
    ORCH_START_SNAPSHOT = 5,
};
typedef uint32_t orch_attach_flags;
enum {
    ORCH_ATTACH_NO_INTERVAL = 1,
};
typedef struct orch_attach_options {
    size_t size;
    orch_delivery delivery;
    orch_start start;
    uint64_t offset;
    uint32_t interval_us;
    uint32_t downgrade_age_ms;
    uint64_t downgrade_bytes;
    size_t scrollback;
    orch_attach_flags flags;
    uint32_t reserved;
} orch_attach_options;
orch_status orch_terminal_attach(struct orch_engine *engine,
                                 uint64_t terminal,
                                 const struct orch_attach_options *options,
                                 uint64_t *out_reader);
orch_status orch_reader_detach(struct orch_engine *engine, uint64_t reader);
typedef uint32_t orch_reader_option;
enum {
    ORCH_READER_OPTION_PAUSED = 1,
    ORCH_READER_OPTION_DELIVERY = 2,
    ORCH_READER_OPTION_SCROLL = 3,
};
orch_status orch_reader_set(struct orch_engine *engine,
                            uint64_t reader,
                            orch_reader_option option,
                            uint32_t value);
orch_status orch_reader_request_snapshot(struct orch_engine *engine,
                                         uint64_t reader,
                                         size_t scrollback);
typedef struct orch_event_delivery_changed {
    uint64_t reader;
    orch_delivery delivery;
    uint32_t reserved;
} orch_event_delivery_changed;
typedef uint32_t orch_terminal_flags;
enum {
    ORCH_TERMINAL_RUNNING = 1,
    ORCH_TERMINAL_HUNG_UP = 2,
    ORCH_TERMINAL_CLOSING = 4,
    ORCH_TERMINAL_PAUSED_BY_HOST = 8,
    ORCH_TERMINAL_PAUSED_BY_READER = 16,
    ORCH_TERMINAL_PAUSED_BY_MEMORY = 32,
    ORCH_TERMINAL_HAS_SCREEN = 64,
    ORCH_TERMINAL_HAS_EXIT_CODE = 128,
    ORCH_TERMINAL_HIDDEN_INPUT = 256,
    ORCH_TERMINAL_RESTARTS = 512,
    ORCH_TERMINAL_GIVEN_UP = 1024,
};
typedef struct orch_reader_state {
    uint64_t reader;
    orch_delivery delivery;
    uint32_t paused;
    uint64_t offset;
    uint64_t backlog;
} orch_reader_state;
typedef uint32_t orch_cursor_shape;
enum {
    ORCH_CURSOR_SHAPE_BLOCK = 0,
    ORCH_CURSOR_SHAPE_UNDERLINE = 1,
    ORCH_CURSOR_SHAPE_BAR = 2,
};
typedef uint32_t orch_cursor_flags;
enum {
    ORCH_CURSOR_VISIBLE = 1,
    ORCH_CURSOR_BLINKING = 2,
};
typedef struct orch_screen_cursor {
    uint16_t row;
    uint16_t col;
    orch_cursor_shape shape;
    orch_cursor_flags flags;
} orch_screen_cursor;
typedef uint32_t orch_screen_modes;
enum {
    ORCH_SCREEN_MODE_ALTERNATE = 1,
    ORCH_SCREEN_MODE_APPLICATION_CURSOR = 2,
    ORCH_SCREEN_MODE_APPLICATION_KEYPAD = 4,
    ORCH_SCREEN_MODE_BRACKETED_PASTE = 8,
    ORCH_SCREEN_MODE_MOUSE_CLICKS = 16,
    ORCH_SCREEN_MODE_MOUSE_DRAGS = 32,
    ORCH_SCREEN_MODE_MOUSE_MOTION = 64,
    ORCH_SCREEN_MODE_MOUSE_SGR = 128,
    ORCH_SCREEN_MODE_MOUSE_UTF8 = 256,
    ORCH_SCREEN_MODE_FOCUS_REPORTS = 512,
    ORCH_SCREEN_MODE_ALTERNATE_SCROLL = 1024,
    ORCH_SCREEN_MODE_AUTO_WRAP = 2048,
    ORCH_SCREEN_MODE_ORIGIN = 4096,
    ORCH_SCREEN_MODE_INSERT = 8192,
    ORCH_SCREEN_MODE_LINE_FEED_NEW_LINE = 16384,
    ORCH_SCREEN_MODE_MOUSE_URXVT = 32768,
    ORCH_SCREEN_MODE_MOUSE_PIXELS = 0x00010000,
    ORCH_SCREEN_MODE_MOUSE_PRESSES = 0x00020000,
    ORCH_SCREEN_MODE_COLOR_SCHEME_REPORTS = 0x00040000,
    ORCH_SCREEN_MODE_REVERSE_SCREEN = 0x00080000,
    ORCH_SCREEN_MODES_KEYBOARD = 0x1f000000,
    ORCH_SCREEN_MODES_OTHER_KEYS = 0x60000000,
};
typedef uint32_t orch_progress_state;
enum {
    ORCH_PROGRESS_NONE = 0,
    ORCH_PROGRESS_NORMAL = 1,
    ORCH_PROGRESS_FAILED = 2,
    ORCH_PROGRESS_INDETERMINATE = 3,
    ORCH_PROGRESS_PAUSED = 4,
};
typedef struct orch_terminal_state {
    size_t size;
    uint64_t terminal;
    uint64_t tag;
    int32_t pid;
    int32_t foreground_pid;
    struct orch_bytes foreground_name;
    struct orch_bytes cwd;
    struct orch_size window;
    orch_terminal_flags flags;
    orch_exit_kind exit_kind;
    int32_t exit_value;
    uint32_t core_dumped;
    uint64_t log_start;
    uint64_t log_end;
    uint64_t input_bytes;
    size_t input_waiting;
    int64_t since_input_ns;
    int64_t since_output_ns;
    const struct orch_reader_state *readers;
    size_t reader_count;
    size_t reader_stride;
    struct orch_bytes title;
    struct orch_bytes reported_cwd;
    struct orch_screen_cursor cursor;
    orch_screen_modes modes;
    size_t history;
    int64_t command_for_ns;
    size_t screen_bytes;
    uint32_t screen_failures;
    int32_t last_exit_code;
    orch_size_policy size_policy;
    orch_progress_state progress;
    uint32_t progress_percent;
    uint32_t reserved;
    int64_t restart_in_ns;
    uint32_t restart_attempts;
    orch_breaker_state restart_breaker;
    orch_status restart_error;
    uint32_t reserved2;
} orch_terminal_state;
orch_status orch_terminal_get_state(struct orch_engine *engine,
                                    uint64_t terminal,
                                    struct orch_terminal_state *out_state);
orch_status orch_terminal_get_states(struct orch_engine *engine,
                                     const uint64_t *terminals,
                                     size_t count,
                                     struct orch_terminal_state *out_states,
                                     size_t stride,
                                     orch_status *out_statuses);
typedef uint32_t orch_color;
enum {
    ORCH_COLOR_DEFAULT = 0,
    ORCH_COLOR_INDEXED = 0x01000000,
    ORCH_COLOR_RGB = 0x02000000,
};
typedef uint32_t orch_screen_flags;
enum {
    ORCH_SCREEN_NO_REPLIES = 1,
    ORCH_SCREEN_CLIPBOARD = 2,
    ORCH_SCREEN_READBACK = 4,
    ORCH_SCREEN_NO_SCROLLBACK = 8,
};
typedef struct orch_screen_options {
    size_t size;
    size_t scrollback;
    orch_screen_flags flags;
    orch_color foreground;
    orch_color background;
    orch_color cursor;
} orch_screen_options;
enum {
    ORCH_LINE_NONE = -1,
};
typedef struct orch_line_position {
    int64_t line;
    uint64_t col;
} orch_line_position;
typedef uint16_t orch_underline;
enum {
    ORCH_UNDERLINE_NONE = 0,
    ORCH_UNDERLINE_SINGLE = 1,
    ORCH_UNDERLINE_DOUBLE = 2,
    ORCH_UNDERLINE_CURLY = 3,
    ORCH_UNDERLINE_DOTTED = 4,
    ORCH_UNDERLINE_DASHED = 5,
};
typedef uint16_t orch_attributes;
enum {
    ORCH_ATTRIBUTE_BOLD = 1,
    ORCH_ATTRIBUTE_DIM = 2,
    ORCH_ATTRIBUTE_ITALIC = 4,
    ORCH_ATTRIBUTE_INVERSE = 8,
    ORCH_ATTRIBUTE_HIDDEN = 16,
    ORCH_ATTRIBUTE_STRIKEOUT = 32,
    ORCH_ATTRIBUTE_BLINK = 64,
};
typedef struct orch_link {
    struct orch_bytes id;
    struct orch_bytes uri;
} orch_link;
typedef uint16_t orch_run_flags;
enum {
    ORCH_RUN_WIDE = 1,
};
typedef struct orch_run {
    struct orch_bytes text;
    const struct orch_link *link;
    orch_color foreground;
    orch_color background;
    orch_color underline_color;
    orch_underline underline;
    orch_attributes attributes;
    uint16_t cols;
    orch_run_flags flags;
    uint32_t reserved;
} orch_run;
typedef uint32_t orch_row_flags;
enum {
    ORCH_ROW_WRAPPED = 1,
};
typedef struct orch_row {
    int32_t index;
    orch_row_flags flags;
    const struct orch_run *runs;
    size_t run_count;
    struct orch_line_position line;
} orch_row;
typedef struct orch_rows {
    const struct orch_row *rows;
    size_t row_count;
    size_t row_stride;
    size_t run_stride;
} orch_rows;
typedef struct orch_scroll {
    uint16_t top;
    uint16_t bottom;
    int32_t rows;
} orch_scroll;
typedef uint32_t orch_update_flags;
enum {
    ORCH_UPDATE_FULL = 1,
};
typedef struct orch_screen_update {
    size_t size;
    uint64_t generation;
    uint64_t offset;
    orch_update_flags flags;
    orch_screen_modes modes;
    struct orch_size window;
    uint32_t history;
    uint32_t viewport;
    struct orch_screen_cursor cursor;
    uint32_t reserved;
    struct orch_bytes title;
    const struct orch_scroll *scrolls;
    size_t scroll_count;
    size_t scroll_stride;
    struct orch_rows rows;
    struct orch_line_position line;
} orch_screen_update;
orch_status orch_terminal_get_screen(struct orch_engine *engine,
                                     uint64_t terminal,
                                     uint64_t generation,
                                     struct orch_screen_update *out_update);
orch_status orch_terminal_get_rows(struct orch_engine *engine,
                                   uint64_t terminal,
                                   int32_t first,
                                   size_t count,
                                   struct orch_rows *out_rows);
orch_status orch_terminal_get_text(struct orch_engine *engine,
                                   uint64_t terminal,
                                   size_t scrollback,
                                   struct orch_bytes *out_text);
typedef struct orch_snapshot {
    size_t size;
    uint64_t offset;
    const void *data;
    size_t len;
    struct orch_size window;
    struct orch_line_position line;
} orch_snapshot;
orch_status orch_terminal_get_snapshot(struct orch_engine *engine,
                                       uint64_t terminal,
                                       size_t scrollback,
                                       struct orch_snapshot *out_snapshot);
orch_status orch_terminal_get_position(struct orch_engine *engine,
                                       uint64_t terminal,
                                       struct orch_line_position position,
                                       int32_t *out_row,
                                       uint32_t *out_col);
typedef uint32_t orch_mark_kind;
enum {
    ORCH_MARK_PROMPT_START = 0,
    ORCH_MARK_COMMAND_START = 1,
    ORCH_MARK_OUTPUT_START = 2,
    ORCH_MARK_OUTPUT_END = 3,
};
typedef struct orch_mark {
    orch_mark_kind kind;
    uint32_t reserved;
    struct orch_line_position position;
} orch_mark;
typedef struct orch_marks {
    size_t size;
    const struct orch_mark *marks;
    size_t mark_count;
    size_t mark_stride;
} orch_marks;
orch_status orch_terminal_get_marks(struct orch_engine *engine,
                                    uint64_t terminal,
                                    struct orch_marks *out_marks);
typedef uint32_t orch_search_flags;
enum {
    ORCH_SEARCH_REGEX = 1,
    ORCH_SEARCH_IGNORE_CASE = 2,
    ORCH_SEARCH_FROM_ROW = 4,
    ORCH_SEARCH_FROM_LINE = 8,
};
typedef struct orch_search_options {
    size_t size;
    struct orch_bytes pattern;
    orch_search_flags flags;
    int32_t from;
    size_t rows_max;
    size_t matches_max;
    uint32_t from_col;
    uint32_t reserved;
    struct orch_line_position from_line;
} orch_search_options;
typedef struct orch_match {
    int32_t start_row;
    uint32_t start_col;
    int32_t end_row;
    uint32_t end_col;
    struct orch_line_position start;
    struct orch_line_position end;
} orch_match;
typedef struct orch_matches {
    size_t size;
    const struct orch_match *matches;
    size_t match_count;
    size_t match_stride;
    uint32_t has_more;
    int32_t next;
    uint32_t next_col;
    uint32_t reserved;
    struct orch_line_position next_line;
} orch_matches;
orch_status orch_terminal_search(struct orch_engine *engine,
                                 uint64_t terminal,
                                 const struct orch_search_options *search,
                                 struct orch_matches *out_matches);
orch_status orch_terminal_set_colors(struct orch_engine *engine,
                                     uint64_t terminal,
                                     orch_color foreground,
                                     orch_color background,
                                     orch_color cursor);
typedef struct orch_event_screen {
    uint64_t reader;
    const struct orch_screen_update *update;
} orch_event_screen;
typedef struct orch_event_snapshot {
    uint64_t reader;
    uint64_t offset;
    const uint8_t *data;
    size_t len;
    struct orch_size window;
    struct orch_line_position line;
} orch_event_snapshot;
typedef struct orch_event_cleared {
    uint64_t reader;
    uint64_t offset;
} orch_event_cleared;
typedef struct orch_event_title {
    struct orch_bytes title;
} orch_event_title;
typedef struct orch_event_cwd {
    struct orch_bytes path;
} orch_event_cwd;
typedef struct orch_event_bell {
    uint32_t count;
} orch_event_bell;
typedef struct orch_event_notification {
    struct orch_bytes title;
    struct orch_bytes body;
} orch_event_notification;
typedef struct orch_event_clipboard {
    struct orch_bytes text;
    uint32_t is_primary;
    uint32_t reserved;
} orch_event_clipboard;
typedef struct orch_event_progress {
    orch_progress_state state;
    uint32_t percent;
} orch_event_progress;
typedef struct orch_event_command_started {
    struct orch_bytes command;
} orch_event_command_started;
typedef struct orch_event_command_finished {
    uint32_t has_exit_code;
    int32_t exit_code;
    uint64_t duration_ns;
} orch_event_command_finished;
typedef uint32_t orch_watch_flags;
enum {
    ORCH_WATCH_NO_GITIGNORE = 1,
    ORCH_WATCH_GIT_DIR = 2,
    ORCH_WATCH_NO_HIDDEN = 4,
    ORCH_WATCH_FOLLOW_DEVICES = 8,
    ORCH_WATCH_NO_DEBOUNCE = 16,
    ORCH_WATCH_NO_SUMMARIES = 32,
};
typedef struct orch_watch_options {
    size_t size;
    const struct orch_bytes *roots;
    size_t root_count;
    const struct orch_bytes *ignore;
    size_t ignore_count;
    uint32_t window_ms;
    uint32_t max_wait_ms;
    orch_watch_flags flags;
    uint32_t kinds;
    size_t summary_threshold;
    size_t max_depth;
    size_t entry_limit;
    uint32_t poll_interval_ms;
    uint32_t git_wait_ms;
    uint64_t tag;
    struct orch_bytes since;
} orch_watch_options;
orch_status orch_watch_add(struct orch_engine *engine,
                           const struct orch_watch_options *options,
                           uint64_t *out_watch);
orch_status orch_watch_remove(struct orch_engine *engine, uint64_t watch);
orch_status orch_watch_sync(struct orch_engine *engine,
                            uint64_t watch,
                            uint64_t sync_tag);
typedef uint32_t orch_file_type;
enum {
    ORCH_FILE_TYPE_FILE = 1,
    ORCH_FILE_TYPE_DIRECTORY = 2,
    ORCH_FILE_TYPE_SYMLINK = 3,
    ORCH_FILE_TYPE_OTHER = 4,
};
typedef uint32_t orch_file_flags;
enum {
    ORCH_FILE_FLAG_IGNORED = 1,
    ORCH_FILE_FLAG_REPLACED = 2,
};
typedef struct orch_file_version {
    uint64_t epoch;
    uint64_t n;
} orch_file_version;
typedef struct orch_file_cursor {
    uint64_t epoch;
    uint64_t base;
    uint64_t position;
} orch_file_cursor;
typedef struct orch_file_entry {
    uint64_t id;
    uint64_t parent;
    struct orch_bytes path;
    uint64_t bytes;
    int64_t modified_ns;
    uint64_t inode;
    orch_file_type file_type;
    orch_file_flags flags;
    uint32_t mode;
    uint32_t reserved;
} orch_file_entry;
typedef struct orch_file_changes {
    size_t size;
    struct orch_file_version version;
    uint32_t full;
    uint32_t more;
    const uint64_t *removed;
    size_t removed_count;
    const struct orch_file_entry *entries;
    size_t entry_count;
    size_t entry_stride;
} orch_file_changes;
orch_status orch_watch_get_changes(struct orch_engine *engine,
                                   uint64_t watch,
                                   struct orch_file_cursor *cursor,
                                   size_t max,
                                   struct orch_file_changes *out_changes);
typedef uint32_t orch_watch_problem;
enum {
    ORCH_WATCH_PROBLEM_NONE = 0,
    ORCH_WATCH_PROBLEM_UNREADABLE = 1,
    ORCH_WATCH_PROBLEM_OUT_OF_WATCHES = 2,
    ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES = 3,
    ORCH_WATCH_PROBLEM_EVENTS_LOST = 4,
    ORCH_WATCH_PROBLEM_ROOT_GONE = 5,
    ORCH_WATCH_PROBLEM_REFUSED = 6,
    ORCH_WATCH_PROBLEM_TOO_MANY_RULES = 7,
    ORCH_WATCH_PROBLEM_ROOTS_OVERLAP = 8,
    ORCH_WATCH_PROBLEM_SAVE_UNUSABLE = 9,
    ORCH_WATCH_PROBLEM_OUT_OF_MEMORY = 10,
};
typedef uint32_t orch_save_problem;
enum {
    ORCH_SAVE_PROBLEM_NONE = 0,
    ORCH_SAVE_PROBLEM_DAMAGED = 1,
    ORCH_SAVE_PROBLEM_OTHER_VERSION = 2,
    ORCH_SAVE_PROBLEM_OTHER_ROOTS = 3,
    ORCH_SAVE_PROBLEM_TOO_MANY_ENTRIES = 4,
};
typedef uint32_t orch_watch_state_flags;
enum {
    ORCH_WATCH_IS_READY = 1,
    ORCH_WATCH_IS_COMPLETE = 2,
    ORCH_WATCH_IS_HEALTHY = 4,
};
typedef struct orch_watch_state {
    size_t size;
    uint64_t tag;
    struct orch_file_version version;
    const struct orch_bytes *roots;
    size_t root_count;
    orch_watch_state_flags flags;
    orch_watch_problem problem;
    size_t entries;
    size_t directories;
    size_t kernel_watches;
    size_t polled_directories;
    size_t unreadable_directories;
    size_t waiting_directories;
    size_t dirty_names;
    uint64_t kernel_events;
    uint64_t events;
    uint64_t batches;
    uint64_t overflows;
    size_t path_watches;
    orch_save_problem save_problem;
} orch_watch_state;
orch_status orch_watch_get_state(struct orch_engine *engine,
                                 uint64_t watch,
                                 struct orch_watch_state *out_state);
typedef struct orch_save_cursor {
    uint64_t epoch;
    uint64_t base;
    uint64_t position;
    uint64_t checksum;
    uint64_t phase;
} orch_save_cursor;
orch_status orch_watch_save(struct orch_engine *engine,
                            uint64_t watch,
                            struct orch_save_cursor *cursor,
                            size_t max,
                            struct orch_bytes *out_bytes,
                            uint32_t *out_more);
orch_status orch_watch_report_save(struct orch_engine *engine,
                                   uint64_t watch,
                                   int32_t os_error);
typedef struct orch_event_watch_ready {
    struct orch_file_version version;
} orch_event_watch_ready;
typedef uint32_t orch_file_event_kind;
enum {
    ORCH_FILE_EVENT_CREATE = 1,
    ORCH_FILE_EVENT_MODIFY = 2,
    ORCH_FILE_EVENT_METADATA = 3,
    ORCH_FILE_EVENT_TOUCH = 4,
    ORCH_FILE_EVENT_DELETE = 5,
    ORCH_FILE_EVENT_RENAME = 6,
};
typedef struct orch_file_event {
    orch_file_event_kind kind;
    orch_file_type file_type;
    orch_file_flags flags;
    uint32_t reserved;
    uint64_t id;
    struct orch_bytes path;
    struct orch_bytes from;
} orch_file_event;
typedef struct orch_file_summary {
    struct orch_bytes dir;
    size_t created;
    size_t modified;
    size_t deleted;
    size_t renamed;
    uint32_t recursive;
    uint32_t reserved;
} orch_file_summary;
typedef struct orch_event_watch_batch {
    struct orch_file_version version;
    uint32_t complete;
    uint32_t reserved;
    const struct orch_file_event *events;
    size_t event_count;
    size_t event_stride;
    const struct orch_file_summary *summaries;
    size_t summary_count;
    size_t summary_stride;
    size_t original_events;
    uint64_t vanished;
} orch_event_watch_batch;
typedef struct orch_event_watch_synced {
    struct orch_file_version version;
    uint64_t sync_tag;
} orch_event_watch_synced;
typedef struct orch_event_watch_warning {
    orch_watch_problem problem;
    uint32_t reserved;
    struct orch_bytes path;
} orch_event_watch_warning;
typedef uint32_t orch_collections;
enum {
    ORCH_COLLECTION_SESSIONS = 1,
    ORCH_COLLECTION_PANES = 2,
    ORCH_COLLECTION_TERMINALS = 4,
    ORCH_COLLECTION_FILES = 8,
    ORCH_COLLECTION_ALL = 15,
};
typedef struct orch_key_value {
    struct orch_bytes key;
    struct orch_bytes value;
} orch_key_value;
typedef struct orch_session {
    size_t size;
    struct orch_bytes id;
    uint64_t version;
    struct orch_bytes name;
    const struct orch_bytes *panes;
    size_t pane_count;
    const struct orch_key_value *metadata;
    size_t metadata_count;
} orch_session;
typedef uint32_t orch_pane_content;
enum {
    ORCH_PANE_EMPTY = 0,
    ORCH_PANE_TERMINAL = 1,
    ORCH_PANE_FILE = 2,
    ORCH_PANE_CUSTOM = 3,
};
typedef struct orch_pane {
    size_t size;
    struct orch_bytes id;
    uint64_t version;
    struct orch_bytes session;
    struct orch_bytes title;
    orch_pane_content content;
    uint32_t reserved;
    uint64_t terminal;
    struct orch_bytes data;
    const struct orch_key_value *metadata;
    size_t metadata_count;
} orch_pane;
typedef struct orch_state_terminal {
    size_t size;
    uint64_t terminal;
    uint64_t version;
    struct orch_bytes title;
    struct orch_bytes cwd;
    uint16_t cols;
    uint16_t rows;
    orch_terminal_flags flags;
    int32_t pid;
    orch_exit_kind exit_kind;
    int32_t exit_value;
    uint32_t reserved;
    struct orch_bytes program;
    int32_t last_exit_code;
    orch_size_policy size_policy;
} orch_state_terminal;
typedef struct orch_state_file {
    size_t size;
    uint64_t watch;
    uint64_t id;
    uint64_t version;
    uint64_t parent;
    struct orch_bytes name;
    uint64_t bytes;
    int64_t modified_us;
    orch_file_type file_type;
    orch_file_flags flags;
    uint32_t mode;
    uint32_t reserved;
} orch_state_file;
typedef uint32_t orch_state_op_kind;
enum {
    ORCH_STATE_OP_SET_SESSION = 1,
    ORCH_STATE_OP_REMOVE_SESSION = 2,
    ORCH_STATE_OP_SET_PANE = 3,
    ORCH_STATE_OP_REMOVE_PANE = 4,
};
typedef uint32_t orch_state_op_flags;
enum {
    ORCH_STATE_OP_HAS_BASE = 1,
};
typedef struct orch_state_op {
    orch_state_op_kind kind;
    orch_state_op_flags flags;
    uint64_t base;
    struct orch_bytes id;
    const struct orch_session *session;
    const struct orch_pane *pane;
} orch_state_op;
typedef struct orch_state_version {
    uint64_t epoch;
    uint64_t n;
} orch_state_version;
typedef struct orch_state_refusal {
    size_t size;
    size_t index;
    uint64_t version;
    orch_collections collection;
    uint32_t reserved;
} orch_state_refusal;
orch_status orch_state_change(struct orch_engine *engine,
                              const struct orch_state_op *ops,
                              size_t count,
                              size_t stride,
                              struct orch_state_version *out_version,
                              struct orch_state_refusal *out_refusal);
orch_status orch_state_get_version(struct orch_engine *engine,
                                   uint64_t peer,
                                   struct orch_state_version *out_version);
orch_status orch_state_get_hash(struct orch_engine *engine,
                                uint64_t peer,
                                orch_collections collections,
                                uint64_t *out_hash);
typedef struct orch_state_key {
    orch_collections collection;
    uint32_t reserved;
    struct orch_bytes text;
    uint64_t id;
    uint64_t watch;
} orch_state_key;
typedef struct orch_state_entry {
    size_t size;
    orch_collections collection;
    uint32_t reserved;
    const struct orch_session *session;
    const struct orch_pane *pane;
    const struct orch_state_terminal *terminal;
    const struct orch_state_file *file;
} orch_state_entry;
orch_status orch_state_get_entry(struct orch_engine *engine,
                                 uint64_t peer,
                                 const struct orch_state_key *key,
                                 struct orch_state_entry *out_entry);
typedef struct orch_state_cursor {
    uint64_t epoch;
    uint64_t n;
    uint64_t rest[8];
} orch_state_cursor;
typedef struct orch_state_changes {
    size_t size;
    struct orch_state_version version;
    uint32_t full;
    uint32_t more;
    const struct orch_state_key *removed;
    size_t removed_count;
    size_t removed_stride;
    const struct orch_session *sessions;
    size_t session_count;
    size_t session_stride;
    const struct orch_pane *panes;
    size_t pane_count;
    size_t pane_stride;
    const struct orch_state_terminal *terminals;
    size_t terminal_count;
    size_t terminal_stride;
    const struct orch_state_file *files;
    size_t file_count;
    size_t file_stride;
} orch_state_changes;
orch_status orch_state_get_changes(struct orch_engine *engine,
                                   uint64_t peer,
                                   struct orch_state_cursor *cursor,
                                   orch_collections collections,
                                   size_t max,
                                   struct orch_state_changes *out_changes);
orch_status orch_watch_set_published(struct orch_engine *engine,
                                     uint64_t watch,
                                     uint32_t publish);
typedef struct orch_event_review {
    uint64_t review;
    uint64_t client;
    const struct orch_state_op *ops;
    size_t op_count;
    size_t op_stride;
} orch_event_review;
orch_status orch_review_answer(struct orch_engine *engine,
                               uint64_t review,
                               uint32_t accept,
                               struct orch_bytes reason);
typedef struct orch_resource {
    struct orch_bytes path;
    struct orch_bytes media_type;
    struct orch_bytes content;
} orch_resource;
typedef uint32_t orch_reports;
enum {
    ORCH_REPORT_METRICS = 1,
    ORCH_REPORT_ONLY = 2,
    ORCH_REPORT_HEALTH = 4,
};
typedef struct orch_listener_options {
    size_t size;
    struct orch_bytes address;
    const struct orch_bytes *hosts;
    size_t host_count;
    const struct orch_bytes *origins;
    size_t origin_count;
    uint32_t allow_remote;
    uint32_t reserved;
    const struct orch_resource *resources;
    size_t resource_count;
    size_t resource_stride;
    struct orch_bytes resource_directory;
    uint32_t adopts_fd;
    int32_t fd;
    orch_reports reports;
    uint32_t reserved_reports;
} orch_listener_options;
orch_status orch_listener_add(struct orch_engine *engine,
                              const struct orch_listener_options *options,
                              uint64_t *out_listener);
orch_status orch_listener_get_address(struct orch_engine *engine,
                                      uint64_t listener,
                                      char *out_address,
                                      size_t capacity,
                                      size_t *out_len);
orch_status orch_listener_remove(struct orch_engine *engine, uint64_t listener);
typedef struct orch_listener_state {
    size_t size;
    uint32_t accepting;
    orch_status error;
    int32_t os_error;
    uint32_t reserved;
    uint64_t since_ns;
    int64_t retry_in_ns;
    uint64_t outages;
} orch_listener_state;
orch_status orch_listener_get_state(struct orch_engine *engine,
                                    uint64_t listener,
                                    struct orch_listener_state *out_state);
typedef uint32_t orch_scopes;
enum {
    ORCH_SCOPE_OBSERVE = 1,
    ORCH_SCOPE_TYPE = 2,
    ORCH_SCOPE_MANAGE = 4,
    ORCH_SCOPE_CLIPBOARD = 8,
    ORCH_SCOPE_ALL = 15,
};
enum {
    ORCH_TOKEN_BYTES = 43,
};
typedef struct orch_token_options {
    size_t size;
    orch_scopes scopes;
    uint32_t reserved;
    uint64_t expires_in_ms;
    struct orch_bytes secret;
    struct orch_bytes label;
} orch_token_options;
orch_status orch_token_add(struct orch_engine *engine,
                           const struct orch_token_options *options,
                           char *out_text,
                           uint64_t *out_token);
orch_status orch_token_revoke(struct orch_engine *engine, uint64_t token);
orch_status orch_directory_set_granted(struct orch_engine *engine,
                                       struct orch_bytes path,
                                       uint32_t granted);
orch_status orch_profile_set(struct orch_engine *engine,
                             struct orch_bytes name,
                             const struct orch_spawn_options *options);
typedef struct orch_client_state {
    size_t size;
    uint64_t client;
    struct orch_bytes name;
    orch_scopes scopes;
    uint32_t reserved;
    size_t terminals;
    size_t queued_bytes;
    size_t memory_bytes;
} orch_client_state;
orch_status orch_client_get_state(struct orch_engine *engine,
                                  uint64_t client,
                                  struct orch_client_state *out_state);
orch_status orch_client_close(struct orch_engine *engine,
                              uint64_t client,
                              struct orch_bytes reason);
typedef uint32_t orch_connect_flags;
enum {
    ORCH_CONNECT_COMPRESS = 1,
    ORCH_CONNECT_JSON = 2,
    ORCH_CONNECT_NO_RETRY = 4,
};
typedef uint32_t orch_notices;
enum {
    ORCH_NOTICES_BELL = 1,
    ORCH_NOTICES_NOTIFICATION = 2,
    ORCH_NOTICES_CLIPBOARD = 4,
    ORCH_NOTICES_PROGRESS = 8,
    ORCH_NOTICES_COMMAND = 16,
    ORCH_NOTICES_TITLE = 32,
    ORCH_NOTICES_CWD = 64,
    ORCH_NOTICES_ALL = 127,
};
typedef struct orch_peer_options {
    size_t size;
    struct orch_bytes address;
    struct orch_bytes token;
    struct orch_bytes name;
    struct orch_bytes host;
    orch_collections collections;
    orch_connect_flags flags;
    uint32_t retry_initial_ms;
    uint32_t retry_max_ms;
    uint32_t retry_attempts;
    uint32_t breaker_failures;
    uint32_t breaker_successes;
    uint32_t breaker_open_ms;
    uint64_t tag;
    orch_notices notices;
    uint32_t reserved;
} orch_peer_options;
orch_status orch_peer_connect(struct orch_engine *engine,
                              const struct orch_peer_options *options,
                              uint64_t *out_peer);
orch_status orch_peer_disconnect(struct orch_engine *engine,
                                 uint64_t peer);
typedef uint32_t orch_peer_status;
enum {
    ORCH_PEER_STATUS_CONNECTING = 1,
    ORCH_PEER_STATUS_CONNECTED = 2,
    ORCH_PEER_STATUS_WAITING = 3,
    ORCH_PEER_STATUS_FAILED = 4,
};
typedef struct orch_peer_state {
    size_t size;
    uint64_t peer;
    uint64_t tag;
    orch_peer_status status;
    orch_breaker_state breaker;
    uint32_t attempts;
    orch_scopes scopes;
    struct orch_bytes server;
    struct orch_bytes last_error;
    const struct orch_bytes *profiles;
    size_t profile_count;
    const uint64_t *terminals;
    size_t terminal_count;
    int64_t retry_in_ms;
    int64_t round_trip_ns;
    size_t received_bytes;
    size_t queued_bytes;
    uint64_t mismatches;
} orch_peer_state;
orch_status orch_peer_get_state(struct orch_engine *engine,
                                uint64_t peer,
                                struct orch_peer_state *out_state);
typedef struct orch_peer_attach_options {
    size_t size;
    orch_delivery mode;
    orch_start start;
    uint64_t offset;
    uint64_t window;
    uint32_t scrollback;
    uint32_t reserved;
    struct orch_size grid;
} orch_peer_attach_options;
orch_status orch_peer_attach(struct orch_engine *engine,
                             uint64_t peer,
                             uint64_t terminal,
                             const struct orch_peer_attach_options *options);
orch_status orch_peer_detach(struct orch_engine *engine,
                             uint64_t peer,
                             uint64_t terminal);
orch_status orch_peer_set_grid(struct orch_engine *engine,
                               uint64_t peer,
                               uint64_t terminal,
                               struct orch_size grid);
orch_status orch_peer_scroll(struct orch_engine *engine,
                             uint64_t peer,
                             uint64_t terminal,
                             uint32_t rows);
orch_status orch_peer_write(struct orch_engine *engine,
                            uint64_t peer,
                            uint64_t terminal,
                            const void *data,
                            size_t len);
typedef uint32_t orch_request_kind;
enum {
    ORCH_REQUEST_BATCH = 1,
    ORCH_REQUEST_SPAWN = 2,
    ORCH_REQUEST_SEARCH = 3,
    ORCH_REQUEST_QUERY = 4,
    ORCH_REQUEST_WATCH = 5,
    ORCH_REQUEST_UNWATCH = 6,
    ORCH_REQUEST_CHANGE = 7,
    ORCH_REQUEST_ROWS = 8,
    ORCH_REQUEST_READ = 9,
    ORCH_REQUEST_STATS = 10,
};
typedef struct orch_peer_file_version {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    uint64_t changed_ns;
} orch_peer_file_version;
typedef struct orch_request {
    size_t size;
    orch_request_kind kind;
    orch_search_flags flags;
    uint64_t terminal;
    const struct orch_op *ops;
    size_t op_count;
    size_t op_stride;
    const struct orch_state_op *changes;
    size_t change_count;
    size_t change_stride;
    struct orch_bytes profile;
    struct orch_bytes cwd;
    struct orch_size window;
    struct orch_bytes pattern;
    struct orch_bytes path;
    uint64_t watch;
    uint32_t matches_max;
    uint32_t reserved;
    uint64_t offset;
    const struct orch_peer_file_version *base;
    uint32_t bytes_max;
    uint32_t reserved_read;
    struct orch_line_position from;
    uint32_t above;
    uint32_t rows_max;
} orch_request;
orch_status orch_peer_request(struct orch_engine *engine,
                              uint64_t peer,
                              const struct orch_request *request,
                              uint64_t *out_request);
typedef struct orch_event_peer_connected {
    uint32_t resumed;
} orch_event_peer_connected;
typedef struct orch_event_peer_disconnected {
    int64_t retry_in_ms;
    struct orch_bytes reason;
} orch_event_peer_disconnected;
typedef struct orch_event_peer_state {
    struct orch_state_version version;
    uint32_t full;
    uint32_t reserved;
} orch_event_peer_state;
typedef struct orch_event_peer_attached {
    uint64_t terminal;
    uint64_t offset;
} orch_event_peer_attached;
typedef struct orch_event_peer_detached {
    uint64_t terminal;
} orch_event_peer_detached;
typedef struct orch_event_peer_output {
    uint64_t terminal;
    uint64_t offset;
    const uint8_t *data;
    size_t len;
} orch_event_peer_output;
typedef struct orch_event_peer_gap {
    uint64_t terminal;
    uint64_t start;
    uint64_t end;
} orch_event_peer_gap;
typedef struct orch_event_peer_snapshot {
    uint64_t terminal;
    uint64_t offset;
    const uint8_t *data;
    size_t len;
    struct orch_size window;
    struct orch_line_position line;
    uint32_t has_more;
    uint32_t reserved;
} orch_event_peer_snapshot;
typedef struct orch_event_peer_screen {
    uint64_t terminal;
    const struct orch_screen_update *update;
} orch_event_peer_screen;
typedef struct orch_event_peer_exited {
    uint64_t terminal;
    uint64_t end;
    orch_exit_kind exit_kind;
    int32_t exit_value;
} orch_event_peer_exited;
typedef struct orch_event_peer_delivery_changed {
    uint64_t terminal;
    uint64_t offset;
    orch_delivery delivery;
    uint32_t reserved;
} orch_event_peer_delivery_changed;
typedef uint32_t orch_notice;
enum {
    ORCH_NOTICE_BELL = 1,
    ORCH_NOTICE_NOTIFICATION = 2,
    ORCH_NOTICE_CLIPBOARD = 3,
    ORCH_NOTICE_PROGRESS = 4,
    ORCH_NOTICE_COMMAND_STARTED = 5,
    ORCH_NOTICE_COMMAND_FINISHED = 6,
    ORCH_NOTICE_TITLE = 7,
    ORCH_NOTICE_CWD = 8,
};
typedef struct orch_event_peer_notice {
    uint64_t terminal;
    uint64_t seq;
    orch_notice kind;
    uint32_t count;
    struct orch_bytes title;
    struct orch_bytes text;
    uint32_t is_primary;
    orch_progress_state progress;
    uint32_t percent;
    uint32_t has_exit_code;
    int32_t exit_code;
    uint32_t reserved;
    uint64_t duration_ns;
} orch_event_peer_notice;
typedef uint32_t orch_remote_status;
enum {
    ORCH_REMOTE_OK = 0,
    ORCH_REMOTE_INVALID = 1,
    ORCH_REMOTE_FORBIDDEN = 2,
    ORCH_REMOTE_NOT_FOUND = 3,
    ORCH_REMOTE_LIMIT = 4,
    ORCH_REMOTE_CONFLICT = 5,
    ORCH_REMOTE_REFUSED = 6,
    ORCH_REMOTE_ENDED = 7,
    ORCH_REMOTE_SKIPPED = 8,
    ORCH_REMOTE_NO_SCREEN = 9,
    ORCH_REMOTE_SYSTEM = 10,
    ORCH_REMOTE_DISCONNECTED = 11,
    ORCH_REMOTE_CANCELLED = 12,
};
typedef uint32_t orch_reply_kind;
enum {
    ORCH_REPLY_DONE = 1,
    ORCH_REPLY_FAILED = 2,
    ORCH_REPLY_RESULTS = 3,
    ORCH_REPLY_SPAWNED = 4,
    ORCH_REPLY_WATCHING = 5,
    ORCH_REPLY_MATCHES = 6,
    ORCH_REPLY_TERMINAL = 7,
    ORCH_REPLY_ROWS = 8,
    ORCH_REPLY_SLICE = 9,
    ORCH_REPLY_STATS = 10,
};
typedef struct orch_remote_result {
    orch_remote_status status;
    uint32_t reserved;
    struct orch_bytes message;
} orch_remote_result;
typedef struct orch_peer_terminal {
    size_t size;
    uint64_t terminal;
    int32_t foreground_pid;
    uint32_t paused;
    struct orch_bytes foreground_name;
    struct orch_bytes cwd;
    uint64_t log_start;
    uint64_t log_end;
    uint64_t input_bytes;
    uint64_t input_waiting;
    int64_t since_input_ms;
    int64_t since_output_ms;
    uint32_t history;
    uint32_t reserved;
} orch_peer_terminal;
typedef struct orch_peer_slice {
    struct orch_bytes data;
    uint64_t offset;
    struct orch_peer_file_version version;
    uint32_t changed;
    uint32_t end;
} orch_peer_slice;
typedef struct orch_peer_stats {
    size_t size;
    uint64_t uptime_ms;
    uint64_t turns;
    uint64_t longest_turn_us;
    uint32_t clients;
    uint32_t terminals;
    uint32_t watches;
    uint32_t reserved;
    uint64_t queued_bytes;
} orch_peer_stats;
typedef struct orch_peer_rows {
    size_t size;
    struct orch_rows rows;
    struct orch_line_position kept_start;
    struct orch_line_position kept_end;
    uint32_t history;
    uint32_t cols;
} orch_peer_rows;
typedef struct orch_event_peer_reply {
    uint64_t request;
    orch_reply_kind kind;
    orch_remote_status status;
    struct orch_bytes message;
    uint64_t terminal;
    uint64_t watch;
    const struct orch_remote_result *results;
    size_t result_count;
    size_t result_stride;
    const struct orch_match *matches;
    size_t match_count;
    size_t match_stride;
    uint32_t has_more;
    uint32_t reserved;
    const struct orch_peer_terminal *detail;
    const struct orch_peer_slice *slice;
    const struct orch_peer_stats *stats;
    const struct orch_peer_rows *rows;
} orch_event_peer_reply;
typedef struct orch_event_peer_applied {
    uint64_t request;
    uint64_t version_n;
} orch_event_peer_applied;
typedef struct orch_event_peer_rejected {
    uint64_t request;
    orch_remote_status status;
    uint32_t reserved;
    struct orch_bytes message;
} orch_event_peer_rejected;
typedef struct orch_event_peer_problem {
    struct orch_bytes message;
    uint64_t terminal;
} orch_event_peer_problem;
typedef struct orch_retry_options {
    size_t size;
    uint64_t initial_ns;
    uint64_t max_ns;
    double multiplier;
    uint32_t attempts;
    uint32_t reserved;
} orch_retry_options;
typedef struct orch_retry {
    uint32_t attempts;
    uint32_t attempts_max;
    uint64_t initial_ns;
    uint64_t max_ns;
    double multiplier;
    double bound_ns;
    uint64_t reserved[3];
} orch_retry;
orch_status orch_retry_start(const struct orch_retry_options *options,
                             struct orch_retry *out_retry);
orch_status orch_retry_next_delay(struct orch_retry *retry,
                                  uint64_t random,
                                  uint64_t *out_delay_ns);
orch_status orch_retry_reset(struct orch_retry *retry);
typedef struct orch_breaker_options {
    size_t size;
    uint32_t failures;
    uint32_t successes;
    uint64_t open_ns;
} orch_breaker_options;
typedef struct orch_breaker {
    orch_breaker_state state;
    uint32_t count;
    uint32_t failures;
    uint32_t successes;
    uint64_t open_ns;
    uint64_t until_ns;
    uint32_t has_trial;
    uint32_t reserved;
    uint64_t reserved2[3];
} orch_breaker;
typedef uint32_t orch_outcome;
enum {
    ORCH_OUTCOME_SUCCESS = 1,
    ORCH_OUTCOME_FAILURE = 2,
    ORCH_OUTCOME_ABANDONED = 3,
};
orch_status orch_breaker_start(const struct orch_breaker_options *options,
                               struct orch_breaker *out_breaker);
orch_status orch_breaker_allow(struct orch_breaker *breaker,
                               uint64_t now_ns);
orch_status orch_breaker_record(struct orch_breaker *breaker,
                                orch_outcome outcome,
                                uint64_t now_ns);
orch_status orch_breaker_get_state(const struct orch_breaker *breaker,
                                   uint64_t now_ns,
                                   orch_breaker_state *out_state,
                                   int64_t *out_trial_in_ns);
typedef struct orch_sender orch_sender;
orch_status orch_sender_create(struct orch_engine *engine, struct orch_sender **out_sender);
orch_status orch_sender_destroy(struct orch_sender *sender);
typedef uint32_t orch_command_kind;
enum {
    ORCH_COMMAND_NOTIFY = 1,
    ORCH_COMMAND_OP = 2,
    ORCH_COMMAND_SPAWN = 3,
    ORCH_COMMAND_CLOSE = 4,
};
typedef struct orch_command {
    size_t size;
    orch_command_kind kind;
    uint32_t grace_ms;
    uint64_t terminal;
    const struct orch_op *op;
    size_t op_size;
    const struct orch_spawn_options *spawn;
} orch_command;
orch_status orch_sender_post(const struct orch_sender *sender,
                             const struct orch_command *command,
                             uint64_t tag);
