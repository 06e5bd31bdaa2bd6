// orchflow.h: the C interface of OrchFlow, an embeddable engine for terminals, file watching and state sync.
// Generated from src/capi; do not edit. orchflow.hpp wraps it for C++; orchflow_ffi.h is the same without
// preprocessor lines, for parsers of FFI libraries.
//
// ---------------------------------------------------------------------------------------------------------
// Mechanism
//
// An engine is an event loop that does nothing by itself. The host polls one file descriptor, calls a turn, and
// pulls events until there are none. There are no callbacks, no threads and no signal handlers, and the library
// writes nothing to stdout or stderr.
//
//     orch_engine *engine = NULL;
//     if (orch_engine_create(NULL, &engine) != ORCH_OK) return 1;
//
//     orch_bytes argv[] = { orch_str("echo"), orch_str("hello") };
//     orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
//     options.argv = argv;
//     options.argv_len = 2;
//     uint64_t terminal = 0;
//     if (orch_terminal_spawn(engine, &options, &terminal) != ORCH_OK) return 1;
//
//     orch_event event = ORCH_EVENT_INIT;
//     for (int running = 1; running;) {
//         struct pollfd fd = { orch_engine_get_fd(engine), POLLIN, 0 };
//         poll(&fd, 1, -1);                                  // with the host's own descriptors
//         orch_engine_turn(engine, 0);
//         while (orch_engine_next_event(engine, &event) == ORCH_OK) {
//             if (event.kind == ORCH_EVENT_OUTPUT)
//                 fwrite(event.payload.output->data, 1, event.payload.output->len, stdout);
//             if (event.kind == ORCH_EVENT_EXITED) running = 0;
//         }
//     }
//     orch_engine_destroy(engine);
//
// Threads. An engine belongs to the thread that created it. A call from another thread returns
// ORCH_E_WRONG_THREAD and changes nothing; `orch_engine_bind_thread` moves the ownership. Senders may be used from
// any thread, several at once. Calls in a forked child return ORCH_E_FORKED. No call blocks, except
// `orch_engine_turn` with a timeout: none waits for a program or for another engine. A few look at the file system or
// compute for a while, and say so.
//
// Memory. What the host passes in is read during the call and may be freed afterwards. What the library lends is
// valid until the call that its documentation names. The host frees nothing but engines and senders.
//
// Structs. In every struct that the host makes, 0 is the default of every field, and an ORCH_*_INIT macro initializes
// it. Most begin with their `size`, so that a host and a library of different versions work together: fields that the
// library does not know must be 0. `orch_struct_init` does the same as the macro, for structs that begin with `size` only.
// Fields named `reserved` must be 0. Structs that the library lends may grow at their end in later versions: arrays of
// them have a stride (`orch_element_at`), and a host that may run with an older library than its header checks
// `orch_library_get_version` before it reads a field that was added since.
//
// Text and paths are bytes with a length. They are not terminated, and not UTF-8 unless the documentation says so.
//
// Ids of this engine are numbers above 0 and below 2^53. They are never reused, and ids of different kinds are never
// equal: an id that names something gone returns ORCH_E_STALE_ID for ever. Sessions and panes are named by texts, files
// by an id within their watch, and what belongs to another engine by the ids of that engine.
//
// Processes. The engine collects the exits of its programs by their own ids. The host must not ignore SIGCHLD, set
// SA_NOCLDWAIT or wait for any child (`waitpid(-1)`): the exit is then ORCH_EXIT_UNKNOWN. All descriptors of the library
// are closed on exec. A forked child may only exec or exit; in it, every call returns ORCH_E_FORKED.
// ---------------------------------------------------------------------------------------------------------

#ifndef ORCHFLOW_H
#define ORCHFLOW_H

#include <stddef.h>
#include <stdint.h>

#define ORCHFLOW_VERSION_MAJOR 0
#define ORCHFLOW_VERSION_MINOR 1
#define ORCHFLOW_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

// The version of this library as text, such as "0.1.0".
//
// Any thread. The string is static.
const char *orch_library_get_version(void);

// Bytes: a pointer and a length, no terminator. NULL with length 0 is no bytes.
typedef struct orch_bytes {
    // The first byte.
    const void *data;
    // How many.
    size_t len;
} orch_bytes;

// The bytes of a terminated string, without the terminator. NULL gives no bytes.
//
// Any thread. The bytes are borrowed from `text`.
struct orch_bytes orch_str(const char *text);

// The element `index` of an array that the library lends; `stride` is the field beside it that says how many bytes
// lie between elements. A library that is newer than the header may have larger elements, so `elements[index]` is
// wrong.
//
// Any thread. `index` counts from 0 and is below the count; nothing is checked.
const void *orch_element_at(const void *elements,
                            size_t stride,
                            size_t index);

// ---------------------------------------------------------------------------------------------------------
// Status
//
// Every call that can fail returns a status: ORCH_OK, ORCH_DONE, or a negative ORCH_E_*; `orch_engine_get_fd` returns the
// descriptor in place of ORCH_OK. Outputs are written on success only; after an error nothing has changed unless the
// function says so. Any call on an engine may return ORCH_E_INVALID for NULL, ORCH_E_WRONG_THREAD, ORCH_E_FORKED,
// ORCH_E_BUSY, ORCH_E_PANIC and ORCH_E_POISONED; its documentation names the others. The engine keeps the last error
// until the next one:
//
//     if (orch_terminal_spawn(engine, &options, &terminal) != ORCH_OK) {
//         orch_error error = ORCH_ERROR_INIT;
//         orch_error_get(engine, &error);
//         fprintf(stderr, "%.*s\n", (int)error.message.len, (const char *)error.message.data);
//     }
//
// NULL and values out of range are rejected where they can be recognized; a pointer must be NULL or valid for its
// length. A bug in the library is caught at this interface: the call returns ORCH_E_PANIC, and then the engine can
// only be destroyed. When memory runs out the process is aborted; the limits in `orch_config` protect against that.
// ---------------------------------------------------------------------------------------------------------

// What every call returns: 0 or above is a success. Numbers are never reused.
typedef int32_t orch_status;
enum {
    // The call did what it says.
    ORCH_OK = 0,
    // There is nothing to return: `orch_engine_next_event` without an unread event, `orch_state_get_version` of a copy
    // that is not complete.
    ORCH_DONE = 1,
    // An argument is NULL, out of range or contradicts another one.
    ORCH_E_INVALID = -1,
    // What an id, a key or a name stands for is gone or never was.
    ORCH_E_STALE_ID = -2,
    // A limit of the engine is reached; the message names it.
    ORCH_E_LIMIT = -3,
    // The program to start was not found.
    ORCH_E_NO_PROGRAM = -4,
    // The program to start cannot be executed.
    ORCH_E_NOT_EXECUTABLE = -5,
    // The working directory does not exist or cannot be entered.
    ORCH_E_NO_DIRECTORY = -6,
    // The system has no free PTY.
    ORCH_E_NO_PTY = -7,
    // The process or the system has no free file descriptor.
    ORCH_E_NO_FD = -8,
    // The terminal is being closed and takes no more commands.
    ORCH_E_CLOSING = -9,
    // The program or the PTY has ended, so there is nothing left to act on.
    ORCH_E_ENDED = -10,
    // Not tried: an earlier operation for the same terminal in the batch failed.
    ORCH_E_SKIPPED = -11,
    // The call was made in a forked child; the engine belongs to the parent.
    ORCH_E_FORKED = -12,
    // The engine of a sender is gone, or the engine is shutting down.
    ORCH_E_GONE = -13,
    // The system refused; see `os_error` of `orch_error_get`.
    ORCH_E_SYSTEM = -14,
    // The call was made on a thread that does not own the engine.
    ORCH_E_WRONG_THREAD = -15,
    // A bug in the library was caught in this call. The engine is poisoned.
    ORCH_E_PANIC = -16,
    // An earlier call returned ORCH_E_PANIC; only `orch_engine_destroy` is left.
    ORCH_E_POISONED = -17,
    // Another thread is inside a call on this engine.
    ORCH_E_BUSY = -18,
    // The terminal was made without a screen, and the call is about the screen.
    ORCH_E_NO_SCREEN = -19,
    // Something that is named does not exist: a path, a line of the scrollback.
    ORCH_E_NOT_FOUND = -20,
    // The operating system does not permit it: a path to watch, a port below 1024.
    ORCH_E_PERMISSION = -21,
    // A part of a path is not a directory.
    ORCH_E_NOT_DIRECTORY = -22,
    // An entry of the state has changed since the version that a change was made from.
    ORCH_E_CONFLICT = -23,
    // The token of a client does not allow it. Clients get it as an error of the protocol; no function returns it.
    ORCH_E_FORBIDDEN = -24,
    // There is no connection to the other engine at the moment.
    ORCH_E_DISCONNECTED = -25,
};

// The name of a status, such as "ORCH_E_STALE_ID"; "unknown status" for any other number.
//
// Any thread. The string is static.
const char *orch_status_get_name(orch_status status);

// Initializes a struct that begins with its size: sets all bytes to 0, which is the default of every field, and
// `size` as its first field. In C and C++ the ORCH_*_INIT macros do the same.
//
// Any thread. Errors: ORCH_E_INVALID.
orch_status orch_struct_init(void *out,
                             size_t size);

// What went wrong in a call.
typedef struct orch_error {
    // `sizeof(orch_error)`, set by the host.
    size_t size;
    // The status that the call returned; ORCH_OK when none has failed yet.
    orch_status status;
    // The system's error number (errno), 0 if the system had no part in it.
    int32_t os_error;
    // One line for a person, UTF-8, not terminated. Borrowed until the next call that fails.
    struct orch_bytes message;
} orch_error;
#define ORCH_ERROR_INIT \
    { sizeof(orch_error), 0, 0, { NULL, 0 } }

// An engine. Opaque; made by `orch_engine_create`.
typedef struct orch_engine orch_engine;

// The last call on this engine that failed. With NULL: the last one of this thread that failed
// without an engine to keep it (creating one, a sender, a wrong thread, a NULL engine).
//
// Owner thread, or any with NULL. Works on a poisoned engine. Errors: ORCH_E_INVALID,
// ORCH_E_WRONG_THREAD, ORCH_E_FORKED.
orch_status orch_error_get(const struct orch_engine *engine, struct orch_error *out_error);

// ---------------------------------------------------------------------------------------------------------
// Engine
//
//     orch_config config = ORCH_CONFIG_INIT;
//     config.terminals = 64;
//     orch_engine *engine = NULL;
//     if (orch_engine_create(&config, &engine) != ORCH_OK) ...
//
// The descriptor of an engine never changes. It is readable if and only if a turn has something to do or an event
// is unread; timers count, so a host needs no timeout. It works with poll, select, epoll (level- and
// edge-triggered: an event is unread until it is read, so pull all of them), libuv, GLib, Qt and the like, and
// another thread may poll it while the owner is not in a call. Never read from it, write to it or close it.
//
// `orch_engine_destroy` closes the descriptor. It wakes no thread that polls it: stop polling first.
// ---------------------------------------------------------------------------------------------------------

// How serious a log line is.
typedef uint32_t orch_log_level;
enum {
    // Something failed.
    ORCH_LOG_ERROR = 1,
    // Something is not as it should be, and the engine copes.
    ORCH_LOG_WARN = 2,
    // Something that happens in normal operation.
    ORCH_LOG_INFO = 3,
};

// How an engine is made, and its limits. In every field 0 is the default.
typedef struct orch_config {
    // `sizeof(orch_config)`.
    size_t size;
    // The least serious log lines that become events. Default ORCH_LOG_WARN.
    orch_log_level log_level;
    // Must be 0.
    uint32_t reserved;
    // Terminals at once; one more is refused. Default 1,024.
    size_t terminals;
    // Readers of one terminal; one more is refused. Default 64.
    size_t readers_per_terminal;
    // Bytes of output that a terminal keeps; unread bytes of a lossless reader are never dropped,
    // the PTY is paused instead. Default 1 MiB.
    size_t log_bytes;
    // The largest log that spawn options may ask for. Default 64 MiB.
    size_t log_bytes_max;
    // Bytes of all logs together; beyond it history is dropped, then PTYs are paused. Default
    // 256 MiB.
    size_t log_bytes_total;
    // Input bytes of one terminal that wait; writes beyond it are accepted in part. Default 1 MiB.
    size_t input_bytes;
    // Commands of senders that wait; one more is refused. Default 1,024.
    size_t inbox_commands;
    // Bytes in those commands; more are refused. Default 16 MiB.
    size_t inbox_bytes;
    // Completions and log lines that wait to be read; with more completions the inbox waits, of log
    // lines the oldest is dropped. Default 1,024.
    size_t events;
    // Bytes read from one PTY before the next one. Default 64 KiB.
    size_t turn_bytes_per_terminal;
    // Bytes read in one turn. Default 1 MiB.
    size_t turn_bytes;
    // A soft limit in microseconds: after it a turn begins no new unit of work. A unit that has begun is finished, so a
    // turn takes at most 10 ms of processor time; only snapshots of a long scrollback that the host asks for,
    // screens of very many cells, and the sums of figures over more than 16,000 terminals, clients and watches, may take
    // longer. Default 2,000.
    uint32_t turn_time_us;
    // The same while somebody types. Default 100.
    uint32_t turn_time_typing_us;
    // Milliseconds after input in which a terminal is served first. Default 100.
    uint32_t typing_window_ms;
    // The shortest time between two size changes in milliseconds. Default 25.
    uint32_t resize_interval_ms;
    // Cells of one screen; a larger terminal with a screen is refused. Default 1,048,576.
    size_t screen_cells;
    // Rows of scrollback that a screen may be made with. Default 100,000.
    size_t scrollback_rows;
    // Bytes of all screens, about; beyond it a scrollback grows no further. Default 512 MiB.
    size_t screen_bytes_total;
    // File watches at once; one more is refused. Default 64.
    size_t watches;
    // Entries of one watch; what is beyond is left out. Default 4,194,304.
    size_t watch_entries;
    // Names of one watch that wait to be looked at; beyond it whole directories wait. Default 65,536.
    size_t watch_dirty_names;
    // Events in one batch, with 4 MiB of paths; more come in the next one. Default 16,384.
    size_t watch_batch_events;
    // Bytes of events that are taken from the kernel with one call. Default 64 KiB.
    size_t watch_read_bytes;
    // Removed entries that are remembered for `orch_watch_get_changes`. Default 65,536.
    size_t watch_tombstones;
    // Sessions of the state; a change set that would make more is refused. Default 1,024.
    size_t state_sessions;
    // Panes of the state; a change set that would make more is refused. Default 16,384.
    size_t state_panes;
    // Panes of one session; a change set that would make more is refused. Default 1,024.
    size_t state_session_panes;
    // Bytes of all entries of the state, about; a change set that makes them more is refused. Files may use
    // seven eighths of them; what is beyond is left out. Default 64 MiB.
    size_t state_bytes;
    // Bytes of the keys of removed entries that are remembered, about, for each collection; a cursor from
    // before gets everything anew. Default 1 MiB.
    size_t state_tombstone_bytes;
    // Operations of one change set; a larger one is refused. Default 1,024.
    size_t state_change_ops;
    // Addresses to listen on at once; one more is refused. Default 8.
    size_t listeners;
    // Clients at once; one more is closed with that reason. Default 1,024.
    size_t clients;
    // Connections before their welcome that have shown no valid token; beyond it one of them makes room.
    // Default 16.
    size_t clients_pending;
    // Bytes that wait to be sent to one client. Output and state are added while there is room; a client with more
    // waiting is closed. One message of up to 4 MiB may exceed the limit. Default 1 MiB.
    size_t client_queue_bytes;
    // Bytes of one message of a client; a larger one closes it. Default 1 MiB.
    size_t client_message_bytes;
    // The same when inflated. Default 4 MiB.
    size_t client_inflated_bytes;
    // Messages of one client in a second, on average; who sends more is read more slowly. Pings and fragments
    // count, too. Default 2,000.
    uint64_t client_messages_per_second;
    // Bytes of one client in a second, on average, as sent or when inflated, whichever is more; who sends more
    // is read more slowly. Default 16 MiB.
    uint64_t client_bytes_per_second;
    // Terminals that one client is attached to at once; one more is refused. Default 256.
    size_t client_attachments;
    // Bytes of one terminal's output that may be in flight to one client. Default 1 MiB.
    size_t client_window_bytes;
    // Watches that one client has asked for; one more is refused. Default 8.
    size_t client_watches;
    // Changes of clients that wait for review; one more is refused. Default 64.
    size_t reviews;
    // Milliseconds for a connection to ask, upgrade and say hello; then it is closed. Default 5,000.
    uint32_t client_hello_ms;
    // Milliseconds in which nothing could be sent although something waits, or no byte of an unfinished message
    // arrived; then the client is closed. Default 30,000.
    uint32_t client_stall_ms;
    // 1: changes that clients make to the state wait for `orch_review_answer`. 0 (the default): they
    // are made when they are valid.
    uint32_t review_changes;
    // Must be 0.
    uint32_t reserved_end;
    // Peers at once; one more is refused. Default 16.
    size_t peers;
    // Bytes that came from one peer and wait to be read by the host, about; beyond it its connection is not
    // read. As many may wait to be sent; more is refused. Default 4 MiB.
    size_t peer_queue_bytes;
    // Microseconds of processor time above which a turn is reported (ORCH_EVENT_SLOW_TURN) and the loop counts as
    // degraded for a minute (ORCH_REASON_SLOW_TURNS). Ten times as much time on the clock also makes the loop degraded, and
    // is not reported as a turn. Default 100,000, ten times what a turn takes at worst; 20,000 for a host that is more
    // particular.
    uint32_t turn_time_warn_us;
    // Milliseconds for which clients that may not type may block a program by not reading; then they continue with
    // updates of the screen, or after a gap. Default 5,000.
    uint32_t client_hold_ms;
    // Bytes of the unfinished messages of all clients together, about. When they are used up, a client whose
    // unfinished message has more than 16 KiB is not read until others have finished theirs or are gone; one without
    // progress for `client_stall_ms` closes its client. At least `client_message_bytes`. Default 64 MiB.
    size_t client_partial_bytes_total;
    // Bytes of the resources of all listeners; a listener that would make them more is refused. A larger file of a
    // resource directory is not served. Default 64 MiB.
    size_t resource_bytes;
    // Events that the flight recorder keeps (ORCH_TEXT_FLIGHT_RECORD), some 100 bytes each; the oldest goes first.
    // Default 1,024.
    size_t recorder_events;
    // Bytes of everything together, about; see `orch_memory` for what counts and who gives way. No other total may be
    // more. Default 1 GiB.
    size_t memory_bytes_total;
} orch_config;
#define ORCH_CONFIG_INIT \
    { sizeof(orch_config), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// Makes an engine that belongs to the calling thread. `config` may be NULL for the defaults.
//
// Errors: ORCH_E_INVALID (a limit out of range; the message names all), ORCH_E_NO_FD,
// ORCH_E_SYSTEM; read them with `orch_error_get(NULL, ...)`. Does not block.
orch_status orch_engine_create(const struct orch_config *config, struct orch_engine **out_engine);

// Destroys an engine: kills what runs in it and frees everything, without waiting. For an orderly
// end call `orch_engine_shutdown` first and turn until ORCH_EVENT_SHUTDOWN_COMPLETE. NULL is fine.
//
// Each program's group and the foreground group of its terminal get SIGHUP and SIGKILL; others on the
// terminal are hung up on, and those that ignore it, as under nohup, go on without a terminal. Programs
// that are dead at once are reaped. The kernel needs a moment for the others, and this call does not
// wait for it: each of them leaves a zombie process and a descriptor of this process until it is reaped
// by `orch_program_reap`. Nothing else is left.
//
// Owner thread. On error (ORCH_E_WRONG_THREAD, ORCH_E_FORKED, ORCH_E_BUSY) the engine is untouched.
// Works on a poisoned engine. Afterwards the pointer and everything borrowed from it are invalid;
// senders stay valid and report ORCH_E_GONE.
orch_status orch_engine_destroy(struct orch_engine *engine);

// Reaps the programs of destroyed engines that have ended since, and counts those that have not in
// `out_left`, which may be NULL. Call it until that is 0, at your own pace; usually it takes less than a
// millisecond. It can take long only for a program that the kernel cannot end, as one that waits for a
// broken disk, and for one that this process may not kill, as after sudo. The same is done whenever
// an engine of this process is made or destroyed or starts a program.
//
// Any thread. Does not wait. Never touches another child of this process. Errors: none.
orch_status orch_program_reap(size_t *out_left);

// The file descriptor to poll for readability (POLLIN), 0 or above; below 0 an error.
//
// It is readable if and only if a turn has something to do or an event is unread. It can be nested
// in poll, select, epoll, libuv, GLib and the like. Never read from it, write to it or close it; it
// goes with the engine. Owner thread.
orch_status orch_engine_get_fd(const struct orch_engine *engine);

// Does what is due: collects readiness, fires timers, carries out commands of senders, reads
// terminals, within the budgets of the configuration. Then read events with
// `orch_engine_next_event` until it says ORCH_DONE.
//
// `timeout_ms`: how long it may wait for something to do. 0: not at all, for hosts that poll the
// descriptor themselves. Below 0: without end. It never waits when events are unread. Being called
// for nothing is fine. Ends the loan of the last event.
//
// Owner thread. Errors: ORCH_E_SYSTEM. What goes wrong with one terminal is an event, not an error.
orch_status orch_engine_turn(struct orch_engine *engine, int32_t timeout_ms);

// How many milliseconds a host that prefers a timeout may wait before the next turn, rounded up:
// 0 when there is something to do now, -1 when only the descriptor can tell. The descriptor alone is
// enough; timers make it readable too.
//
// Owner thread. Errors: ORCH_E_INVALID.
orch_status orch_engine_get_timeout(struct orch_engine *engine,
                                    int32_t *out_ms);

// Closes every terminal (see `orch_terminal_close`) and refuses new ones. When all are gone,
// ORCH_EVENT_SHUTDOWN_COMPLETE comes; then destroy the engine.
//
// Owner thread. Does not wait. Errors: ORCH_E_SYSTEM.
orch_status orch_engine_shutdown(struct orch_engine *engine, uint32_t grace_ms);

// Makes the calling thread the owner of the engine: for a host that creates it on one thread and
// runs it on another. The old owner must not use it any more; what it did before must have
// happened before this call.
//
// Any thread. Errors: ORCH_E_BUSY when a call is going on, ORCH_E_FORKED, ORCH_E_INVALID.
orch_status orch_engine_bind_thread(struct orch_engine *engine);

// What to list.
typedef uint32_t orch_list_kind;
enum {
    // All terminals that have an id.
    ORCH_LIST_TERMINALS = 1,
    // Terminals whose program is running and that are not being closed.
    ORCH_LIST_ACTIVE_TERMINALS = 2,
    // File watches.
    ORCH_LIST_WATCHES = 3,
    // Listeners of the server.
    ORCH_LIST_LISTENERS = 4,
    // Clients of the server whose token was accepted.
    ORCH_LIST_CLIENTS = 5,
    // Peers.
    ORCH_LIST_PEERS = 6,
};

// The ids of everything of one kind (ORCH_LIST_*), in no particular order. Writes at most `capacity` ids to
// `out_ids`, and the number of all to `out_count`. With `capacity` 0, `out_ids` may be NULL.
//
// Owner thread. Does not block. Errors: ORCH_E_INVALID.
orch_status orch_engine_list(struct orch_engine *engine,
                             orch_list_kind kind,
                             uint64_t *out_ids,
                             size_t capacity,
                             size_t *out_count);

// A stage of a turn, in their order.
typedef uint32_t orch_stage;
enum {
    // What the kernel reported is noted.
    ORCH_STAGE_KERNEL = 1,
    // Timers that are due.
    ORCH_STAGE_TIMERS = 2,
    // Commands of senders.
    ORCH_STAGE_INBOX = 3,
    // Reads of terminals that were typed in a moment ago.
    ORCH_STAGE_TYPING = 4,
    // What clients send is read and carried out.
    ORCH_STAGE_CLIENTS = 5,
    // Searches and batches of clients, which go on over several turns.
    ORCH_STAGE_JOBS = 6,
    // What other engines send.
    ORCH_STAGE_PEERS = 7,
    // Reads of all other terminals.
    ORCH_STAGE_READS = 8,
    // File watches.
    ORCH_STAGE_WATCHES = 9,
    // Files are copied into the application state.
    ORCH_STAGE_STATE = 10,
    // What is new is sent to clients.
    ORCH_STAGE_SENDING = 11,
};

// How one stage of the turns went. A cost is an estimate of processor time in nanoseconds that is the same for the
// same work on every machine.
typedef struct orch_stage_stats {
    // Which stage.
    orch_stage stage;
    // Always 0.
    uint32_t reserved;
    // Time on the clock in a turn in which the stage did something, in nanoseconds: the median.
    uint64_t wall_p50_ns;
    // The same: the 99th percentile.
    uint64_t wall_p99_ns;
    // The same: the longest.
    uint64_t wall_max_ns;
    // The cost of all units of work together.
    uint64_t cost;
    // The cost of the most expensive unit; a stage stops only between units.
    uint64_t unit_cost_max;
} orch_stage_stats;

// What an engine uses, and how its turns went since it was created or the figures were reset. Times are in
// nanoseconds; time in which a turn waited for something to happen does not count. Percentiles are rounded up by
// an eighth at most.
typedef struct orch_engine_stats {
    // `sizeof(orch_engine_stats)`, set by the host.
    size_t size;
    // Bytes that all output logs use now.
    size_t log_bytes;
    // Bytes that all screens use now with their scrollback, as counted for `screen_bytes_total`.
    size_t screen_bytes;
    // How often an invariant was broken in any engine of this process. Anything but 0 is a bug in the library:
    // please report it. The engine has skipped what it was about to do, and its next turn logs it (ORCH_LOG_ERROR).
    uint64_t invariants_broken;
    // Turns.
    uint64_t turns;
    // Turns that left work for the next one because their time was up.
    uint64_t unfinished;
    // Processor time of a turn: the median.
    uint64_t cpu_p50_ns;
    // The same: the 99th percentile.
    uint64_t cpu_p99_ns;
    // The same: the longest turn.
    uint64_t cpu_max_ns;
    // Time on the clock of a turn: the median.
    uint64_t wall_p50_ns;
    // The same: the 99th percentile.
    uint64_t wall_p99_ns;
    // The same: the longest turn.
    uint64_t wall_max_ns;
    // The highest cost in one turn before terminals with recent input were read.
    uint64_t typing_wait_cost;
    // The stage that took most of the turn with the most processor time; 0 before the first turn.
    orch_stage longest_stage;
    // Always 0.
    uint32_t reserved;
    // The stages in the order in which a turn goes through them. Borrowed until the next call of
    // `orch_engine_get_stats` on this engine.
    const struct orch_stage_stats *stages;
    // How many.
    size_t stage_count;
    // Bytes from one to the next.
    size_t stage_stride;
} orch_engine_stats;
#define ORCH_ENGINE_STATS_INIT \
    { sizeof(orch_engine_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, 0 }

// What an engine uses, and how its turns went. Set `out_stats->size` before; it is left as it is.
//
// Owner thread. Errors: ORCH_E_INVALID.
orch_status orch_engine_get_stats(struct orch_engine *engine, struct orch_engine_stats *out_stats);

// What memory is used for, in bytes, about; and who gave way when `memory_bytes_total` was nearly used up.
//
// From seven eighths of it on, memory is given up in the order of the `gave_way` fields. From fifteen sixteenths on, the
// client for which the most waits is closed; then new things are refused (ORCH_E_LIMIT) and PTYs are paused. What is
// unread is never dropped.
typedef struct orch_memory {
    // `sizeof(orch_memory)`, set by the host.
    size_t size;
    // Output logs of terminals.
    size_t logs;
    // Screens of terminals with their scrollback.
    size_t screens;
    // Input that waits for programs, and what those are started with that are started again.
    size_t input;
    // Entries of the application state.
    size_t state;
    // What the state remembers of entries that were removed.
    size_t tombstones;
    // Trees of watches, with their rules and changes that are not reported yet.
    size_t watches;
    // Connections of the server: what waits to be sent, and messages that are not whole yet.
    size_t clients;
    // What clients asked for and is not done yet: batches, searches, rows, changes under review.
    size_t requests;
    // Other engines: copies of their states, events that the host has not read, what waits to be sent.
    size_t peers;
    // Resources that listeners serve, with their compressed forms.
    size_t resources;
    // Commands of senders that wait for a turn.
    size_t inbox;
    // Completions and log lines that the host has not read.
    size_t events;
    // All of these together.
    size_t total;
    // `memory_bytes_total` of the configuration.
    size_t limit;
    // How often history of output logs was dropped that every reader had passed.
    uint64_t gave_way_log_history;
    // How often the oldest rows of scrollbacks were dropped.
    uint64_t gave_way_scrollback;
    // How often tombstones and caches were dropped.
    uint64_t gave_way_tombstones;
    // Clients that were closed.
    uint64_t gave_way_clients;
    // Calls and requests that were refused.
    uint64_t refused;
    // 1: new things are refused and PTYs are paused.
    uint32_t is_full;
    // Always 0.
    uint32_t reserved;
} orch_memory;
#define ORCH_MEMORY_INIT \
    { sizeof(orch_memory), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// What memory an engine uses, by what it is used for. Set `out_memory->size` before; it is left as it is.
//
// Owner thread. Errors: ORCH_E_INVALID. Does not block, and costs as good as nothing.
orch_status orch_engine_get_memory(struct orch_engine *engine,
                                   struct orch_memory *out_memory);

// Starts the figures of turns anew.
//
// Owner thread. Errors: ORCH_E_INVALID.
orch_status orch_engine_reset_stats(struct orch_engine *engine);

// How a part of an engine is, or the whole engine.
typedef uint32_t orch_health_status;
enum {
    // As it should be.
    ORCH_HEALTH_OK = 1,
    // It works in part, or late. It recovers by itself when the cause goes.
    ORCH_HEALTH_DEGRADED = 2,
    // It does not work, and will not by itself: somebody has to do something.
    ORCH_HEALTH_FAILED = 3,
};

// A kind of part that has a health of its own.
typedef uint32_t orch_health_part;
enum {
    // The event loop.
    ORCH_PART_LOOP = 1,
    // The memory that all parts share.
    ORCH_PART_MEMORY = 2,
    // The making of terminals.
    ORCH_PART_SPAWNING = 3,
    // A terminal.
    ORCH_PART_TERMINAL = 4,
    // A file watch.
    ORCH_PART_WATCH = 5,
    // A listener of the server.
    ORCH_PART_LISTENER = 6,
    // A client of the server.
    ORCH_PART_CLIENT = 7,
    // A peer.
    ORCH_PART_PEER = 8,
};

// Why a part is not as it should be. docs/HEALTH.md says what leads to each, and what ends it.
typedef uint32_t orch_health_reason;
enum {
    // There is nothing wrong.
    ORCH_REASON_NONE = 0,
    // Loop: a turn took more processor time than `orch_config.turn_time_warn_us`, or ten times as much on the clock, in the
    // last minute.
    ORCH_REASON_SLOW_TURNS = 1,
    // Loop: an invariant was broken. It stays until the process is started anew.
    ORCH_REASON_INVARIANTS_BROKEN = 2,
    // Memory: a budget of bytes that parts share is used up, and terminals wait for it. Watch: entries are left out, because
    // all memory of the engine is used up.
    ORCH_REASON_MEMORY_FULL = 3,
    // Spawning, listener, watch: the process or the system has no file descriptor left.
    ORCH_REASON_OUT_OF_DESCRIPTORS = 4,
    // Spawning: the system has no PTY left.
    ORCH_REASON_OUT_OF_PTYS = 5,
    // Spawning: the system did not let a process be made in the last minute.
    ORCH_REASON_OUT_OF_PROCESSES = 6,
    // Terminal: the screen model failed in the last minute, and the screen was built anew from the log.
    ORCH_REASON_SCREEN_REBUILT = 7,
    // Terminal: the program stands still, because a reader or a client has not read its output for 10 seconds.
    ORCH_REASON_OUTPUT_PAUSED = 8,
    // Terminal: the program stands still, because its output has had no memory for a second.
    ORCH_REASON_OUTPUT_STARVED = 9,
    // Terminal: each of the last starts failed or was followed by a soon end, two at least. The program waits for its next
    // start, or runs again and is not yet stable.
    ORCH_REASON_PROGRAM_CRASHES = 10,
    // Watch: a part of a tree is left out, since it has too many entries or its roots overlap. Or there are too many ignore
    // rules, and those that are left out hide nothing. ORCH_REASON_MEMORY_FULL if it is for want of memory.
    ORCH_REASON_PARTIAL = 11,
    // Watch: permissions or a file system prevent that a directory is read.
    ORCH_REASON_UNREADABLE = 12,
    // Watch: the system has no inotify watch left, so directories are polled.
    ORCH_REASON_OUT_OF_WATCHES = 13,
    // Watch: the kernel dropped events, and everything is being listed again.
    ORCH_REASON_EVENTS_LOST = 14,
    // Watch: a root is gone.
    ORCH_REASON_ROOT_MISSING = 15,
    // Watch: its tree could not be saved; see `orch_watch_report_save`.
    ORCH_REASON_SAVE_FAILED = 16,
    // Watch: its tree could not be saved, because the disk is full.
    ORCH_REASON_DISK_FULL = 17,
    // Client: it has taken nothing of what waits for it for a while.
    ORCH_REASON_STALLED = 18,
    // Peer: there is no connection, and another attempt will be made.
    ORCH_REASON_UNREACHABLE = 19,
    // Peer, terminal: attempts fail again and again, so none is made for a while.
    ORCH_REASON_BREAKER_OPEN = 20,
    // Peer, terminal: no further attempt will be made.
    ORCH_REASON_GIVEN_UP = 21,
};

// How one part is.
typedef struct orch_part_health {
    // Which kind of part.
    orch_health_part part;
    // How it is.
    orch_health_status status;
    // Its id; 0 for the loop, memory and spawning.
    uint64_t id;
    // The gravest reason; ORCH_REASON_NONE if it is as it should be.
    orch_health_reason reason;
    // Always 0.
    uint32_t reserved;
    // For how many nanoseconds there has been that reason.
    uint64_t lasts_ns;
    // A stable name of the reason, such as `out_of_descriptors`; empty if there is none. Static.
    struct orch_bytes reason_name;
    // A sentence for people; empty if there is no reason. Static.
    struct orch_bytes sentence;
} orch_part_health;

// How an engine is.
typedef struct orch_engine_health {
    // `sizeof(orch_engine_health)`, set by the host.
    size_t size;
    // That of its worst part.
    orch_health_status status;
    // Always 0.
    uint32_t reserved;
    // The parts that are not as they should be. Borrowed until the next call of `orch_engine_get_health` on this
    // engine.
    const struct orch_part_health *parts;
    // How many.
    size_t part_count;
    // Bytes from one to the next.
    size_t part_stride;
} orch_engine_health;
#define ORCH_ENGINE_HEALTH_INIT \
    { sizeof(orch_engine_health), 0, 0, NULL, 0, 0 }

// How an engine is, and its parts that are not as they should be. Set `out_health->size` before; it is left as it is.
//
// Owner thread. Does not block. Errors: ORCH_E_INVALID.
orch_status orch_engine_get_health(struct orch_engine *engine,
                                   struct orch_engine_health *out_health);

// What an engine says of itself as text.
typedef uint32_t orch_text_kind;
enum {
    // The state of everything that it has, one line each.
    ORCH_TEXT_DUMP = 1,
    // The last events, the oldest first.
    ORCH_TEXT_FLIGHT_RECORD = 2,
    // All figures for Prometheus (docs/METRICS.md), those of each terminal, client and watch included: about 1 KB for each
    // of these.
    ORCH_TEXT_METRICS = 3,
};

// What an engine says of itself (ORCH_TEXT_*): lines for people and programs, UTF-8, each with its end. There is no
// output, no input and no token in it; docs/HEALTH.md describes the lines of the first two.
//
// Lent until the next call of this on the same engine. Owner thread. Does not block. Errors: ORCH_E_INVALID.
orch_status orch_engine_get_text(struct orch_engine *engine,
                                 orch_text_kind kind,
                                 struct orch_bytes *out_text);
// A distribution of values: times in nanoseconds, or bytes. Percentiles are rounded up: of the engine by 1 %, of turns
// and stages by 12 %, of one terminal, client or watch by a factor of two at most.
typedef struct orch_distribution {
    // Values.
    uint64_t count;
    // All of them together.
    uint64_t sum;
    // Half of them were not larger.
    uint64_t p50;
    // 95 of 100 were not larger.
    uint64_t p95;
    // 99 of 100 were not larger.
    uint64_t p99;
    // The largest.
    uint64_t max;
} orch_distribution;

// What went over connections.
typedef struct orch_traffic {
    // Bytes that came in, with all headers.
    uint64_t received_bytes;
    // Messages that came in: WebSocket frames.
    uint64_t received_messages;
    // Bytes that were written to sockets.
    uint64_t sent_bytes;
    // Messages that were written to sockets whole.
    uint64_t sent_messages;
} orch_traffic;

// Output that somebody did not get.
typedef struct orch_gaps {
    // Gaps.
    uint64_t count;
    // Bytes in them.
    uint64_t bytes;
} orch_gaps;

// How often something of one kind happened.
typedef struct orch_kind_count {
    // Its name.
    struct orch_bytes kind;
    // How often.
    uint64_t count;
} orch_kind_count;

// Counts of the kinds that have happened.
typedef struct orch_kind_counts {
    // The counts, by name.
    const struct orch_kind_count *items;
    // How many.
    size_t count;
    // Bytes from one to the next.
    size_t stride;
} orch_kind_counts;

// What one stage of the turns did.
typedef struct orch_stage_metrics {
    // Which stage.
    orch_stage stage;
    // Always 0.
    uint32_t reserved;
    // Time on the clock in the turns in which it did something.
    struct orch_distribution wall;
    // What its units cost together: an estimate of processor time in nanoseconds.
    uint64_t cost;
} orch_stage_metrics;

// The figures of an engine; docs/METRICS.md explains each. What is counted is counted since the engine was created.
// Times are in nanoseconds. What pointers lead to is lent until the next `orch_engine_get_metrics` on this engine that
// succeeds.
typedef struct orch_metrics {
    // `sizeof(orch_metrics)`, set by the host.
    size_t size;
    // Since the engine was created.
    uint64_t uptime_ns;
    // 1 while times and sizes are recorded; see `orch_engine_set_observing`.
    uint32_t observing;
    // Always 0.
    uint32_t reserved;
    // How often an invariant was broken in any engine of this process: anything but 0 is a bug in the library.
    uint64_t invariants_broken;
    // What went wrong in turns, where no caller got the error.
    struct orch_kind_counts errors;
    // Log lines that were dropped because the host did not read them.
    uint64_t log_lines_dropped;
    // Completions and log lines that wait to be read.
    uint64_t notices;
    // Changes of clients that wait for the host's review.
    uint64_t reviews;
    // Searches, batches, rows and reports of clients that are under way.
    uint64_t jobs;
    // Turns. These figures and those of turns and stages below are since `orch_engine_reset_stats`, if that was
    // called.
    uint64_t turns;
    // Turns that left work for the next one.
    uint64_t turns_unfinished;
    // Processor time of a turn.
    struct orch_distribution turn_cpu;
    // Time on the clock of a turn, without the wait for something to do.
    struct orch_distribution turn_wall;
    // How late timers fired, and how long what a turn had left undone waited for the next one.
    struct orch_distribution loop_lag;
    // The stages of a turn, in their order.
    const struct orch_stage_metrics *stages;
    // How many.
    size_t stage_count;
    // Bytes from one to the next.
    size_t stage_stride;
    // Terminals, ended ones included.
    uint64_t terminals;
    // Terminals that were spawned or adopted.
    uint64_t terminals_started;
    // Terminals that are not read: the host or a slow reader stops them, or memory is used up.
    uint64_t terminals_stopped;
    // Bytes that came out of terminals.
    uint64_t output_bytes;
    // Bytes that the programs' sides took in.
    uint64_t input_bytes;
    // Bytes that wait for programs to read.
    uint64_t input_waiting_bytes;
    // Bytes that all output logs hold.
    uint64_t log_bytes;
    // The most that they may hold.
    uint64_t log_bytes_max;
    // Bytes that all screens hold with their scrollback.
    uint64_t screen_bytes;
    // The most that they may hold.
    uint64_t screen_bytes_max;
    // Gaps of the host's readers.
    struct orch_gaps reader_gaps;
    // From input to the first output after it.
    struct orch_distribution response;
    // File watches.
    uint64_t watches;
    // Entries of all trees.
    uint64_t watch_entries;
    // Names that wait to be looked at.
    uint64_t watch_dirty_names;
    // Events that the kernel reported.
    uint64_t watch_kernel_events;
    // Events that were published in batches.
    uint64_t watch_events;
    // Batches.
    uint64_t watch_batches;
    // How often the kernel dropped events, so that everything was listed again.
    uint64_t watch_overflows;
    // From the first event of a batch to the moment at which the host could read it.
    struct orch_distribution watch_latency;
    // Bytes of the application state, about.
    uint64_t state_bytes;
    // The most that there may be.
    uint64_t state_bytes_max;
    // Versions of the application state.
    uint64_t state_version;
    // Addresses that are listened on.
    uint64_t listeners;
    // Connections, those included that have not authenticated or are being closed.
    uint64_t connections;
    // Clients that have authenticated.
    uint64_t clients;
    // Connections that were accepted.
    uint64_t connections_accepted;
    // Requests that were refused, by HTTP status.
    struct orch_kind_counts requests_refused;
    // WebSockets that the server closed, by the code of the close frame.
    struct orch_kind_counts clients_closed;
    // Errors that were reported to clients, by code.
    struct orch_kind_counts client_errors;
    // What went over all connections of the server.
    struct orch_traffic client_traffic;
    // Bytes that wait to be sent to clients.
    uint64_t client_queued_bytes;
    // Bytes of unfinished messages of clients.
    uint64_t client_partial_bytes;
    // Gaps of clients.
    struct orch_gaps client_gaps;
    // From a diff to its acknowledgement.
    struct orch_distribution client_round_trip;
    // Sizes of parts of diffs, in bytes.
    struct orch_distribution diff_bytes;
    // From the oldest change of a diff to the moment at which it was queued.
    struct orch_distribution diff_age;
    // Connections to other engines.
    uint64_t peers;
    // Those that are connected.
    uint64_t peers_connected;
    // What went over them.
    struct orch_traffic peer_traffic;
    // Bytes of other engines that wait to be read by the host, about.
    uint64_t peer_received_bytes;
    // Bytes that wait to be sent to other engines.
    uint64_t peer_queued_bytes;
} orch_metrics;
#define ORCH_METRICS_INIT \
    { sizeof(orch_metrics), 0, 0, 0, 0, { NULL, 0, 0 }, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0, 0, 0 }, { \
     0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 }, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0 }, \
     { 0, 0, 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0, { NULL, \
     0, 0 }, { NULL, 0, 0 }, { NULL, 0, 0 }, { 0, 0, 0, 0 }, 0, 0, { 0, 0 }, { 0, 0, 0, 0, 0, 0 }, \
     { 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 }, 0, 0, { 0, 0, 0, 0 }, 0, 0 }

// What an engine has counted and measured. Set `out_metrics->size` before; it is left as it is. Every terminal, client
// and watch is looked at: about a tenth of a microsecond for each.
//
// Owner thread. Does not block. Errors: ORCH_E_INVALID.
orch_status orch_engine_get_metrics(struct orch_engine *engine,
                                    struct orch_metrics *out_metrics);

// Whether times and sizes are recorded: response times, latencies, round trips, ages, lag. 1 is the default; with 0
// nothing is recorded for an event. Bytes, messages, events, errors and turns are counted in any case.
//
// Owner thread. Does not block. Errors: ORCH_E_INVALID.
orch_status orch_engine_set_observing(struct orch_engine *engine,
                                      uint32_t observing);

// The figures of one terminal. Times are in nanoseconds.
typedef struct orch_terminal_metrics {
    // `sizeof(orch_terminal_metrics)`, set by the host.
    size_t size;
    // Bytes that came out.
    uint64_t output_bytes;
    // Bytes that the program's side took in.
    uint64_t input_bytes;
    // Bytes that wait for the program to read.
    uint64_t input_waiting_bytes;
    // Bytes that the output log holds.
    uint64_t log_bytes;
    // Bytes that the screen holds with its scrollback.
    uint64_t screen_bytes;
    // Bytes that the slowest reader that gets every byte has not got.
    uint64_t unread_bytes;
    // Gaps of the host's readers.
    struct orch_gaps reader_gaps;
    // From input to the first output after it.
    struct orch_distribution response;
} orch_terminal_metrics;
#define ORCH_TERMINAL_METRICS_INIT \
    { sizeof(orch_terminal_metrics), 0, 0, 0, 0, 0, 0, { 0, 0 }, { 0, 0, 0, 0, 0, 0 } }

// The figures of a terminal. Set `out_metrics->size` before; it is left as it is.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_terminal_get_metrics(struct orch_engine *engine,
                                      uint64_t terminal,
                                      struct orch_terminal_metrics *out_metrics);

// The figures of one watch. Times are in nanoseconds.
typedef struct orch_watch_metrics {
    // `sizeof(orch_watch_metrics)`, set by the host.
    size_t size;
    // Entries of the tree.
    uint64_t entries;
    // Names that wait to be looked at.
    uint64_t dirty_names;
    // Directories that wait to be listed.
    uint64_t waiting_directories;
    // Events that the kernel reported.
    uint64_t kernel_events;
    // Events that were published in batches.
    uint64_t events;
    // Batches.
    uint64_t batches;
    // How often the kernel dropped events, so that everything was listed again.
    uint64_t overflows;
    // From the first event of a batch to the moment at which the host could read it.
    struct orch_distribution latency;
} orch_watch_metrics;
#define ORCH_WATCH_METRICS_INIT \
    { sizeof(orch_watch_metrics), 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0, 0, 0 } }

// The figures of a watch. Set `out_metrics->size` before; it is left as it is.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_watch_get_metrics(struct orch_engine *engine,
                                   uint64_t watch,
                                   struct orch_watch_metrics *out_metrics);

// The figures of one client. Times are in nanoseconds.
typedef struct orch_client_metrics {
    // `sizeof(orch_client_metrics)`, set by the host.
    size_t size;
    // What went over its connection.
    struct orch_traffic traffic;
    // Bytes that wait to be sent to it.
    uint64_t queued_bytes;
    // Messages that wait.
    uint64_t queued_messages;
    // Terminals that it is attached to.
    uint64_t attachments;
    // Its gaps.
    struct orch_gaps gaps;
    // From a diff to its acknowledgement.
    struct orch_distribution round_trip;
    // Sizes of parts of diffs, in bytes.
    struct orch_distribution diff_bytes;
    // From the oldest change of a diff to the moment at which it was queued.
    struct orch_distribution diff_age;
} orch_client_metrics;
#define ORCH_CLIENT_METRICS_INIT \
    { sizeof(orch_client_metrics), { 0, 0, 0, 0 }, 0, 0, 0, { 0, 0 }, { 0, 0, 0, 0, 0, 0 }, { 0, 0, \
     0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 } }

// The figures of a client. Set `out_metrics->size` before; it is left as it is.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_client_get_metrics(struct orch_engine *engine,
                                    uint64_t client,
                                    struct orch_client_metrics *out_metrics);

// ---------------------------------------------------------------------------------------------------------
// Events
//
// The engine never calls the host. After a turn, pull events until there are none:
//
//     orch_event event = ORCH_EVENT_INIT;
//     while (orch_engine_next_event(engine, &event) == ORCH_OK) {
//         switch (event.kind) {
//         case ORCH_EVENT_TITLE: set_title(event.source, event.payload.title->title); break;
//         case ORCH_EVENT_LOG: log_line(event.payload.log->text); break;
//         }
//     }
//
// An event and everything that it points to are valid until the next call of `orch_engine_next_event` or
// `orch_engine_turn` on the same engine. Copy what you need to keep.
//
// Every event has to be read at some time. Unread output exerts backpressure: the engine stops reading that terminal,
// and its program blocks. Other events are generated when the host asks for them, so that none is dropped and no
// queue grows; of log lines alone the oldest are dropped (`orch_config.events`).
//
// A first host needs ORCH_EVENT_OUTPUT, ORCH_EVENT_EXITED and ORCH_EVENT_CLOSED; one with watches ORCH_EVENT_WATCH_READY
// and ORCH_EVENT_WATCH_BATCH. Ignore the others until you need them.
//
// The payloads of terminals, watches and peers stand in their sections below.
// ---------------------------------------------------------------------------------------------------------

// What an event is about. The name of a kind is that of its payload: ORCH_EVENT_OUTPUT carries
// `payload.output`, an `orch_event_output`. `source` is a terminal, a watch or a peer, as the kind says. Ignore
// kinds that you do not know.
typedef uint32_t orch_event_kind;
enum {
    // Terminal: bytes for a reader, `payload.output`. The reader has moved past them.
    ORCH_EVENT_OUTPUT = 1,
    // Terminal: a lossy reader has lost bytes, `payload.gap`.
    ORCH_EVENT_GAP = 2,
    // Terminal: a write was accepted in part earlier, and half of the input queue is free now. No payload.
    ORCH_EVENT_INPUT_READY = 3,
    // Terminal: a line of input was longer than the 4,095 bytes that the kernel keeps in canonical mode; the kernel
    // has dropped the rest of the line. No payload.
    ORCH_EVENT_INPUT_TRUNCATED = 4,
    // Terminal: the program has ended, `payload.exited`. A background process may still write afterwards.
    ORCH_EVENT_EXITED = 5,
    // Terminal: no process has the terminal open any more, `payload.eof`. Comes after ORCH_EVENT_EXITED, also when a
    // program closes its terminal before it ends.
    ORCH_EVENT_EOF = 6,
    // Terminal: it is gone and its id is stale: the last event of a terminal that was closed. No payload.
    ORCH_EVENT_CLOSED = 7,
    // Engine: a command that a sender posted is done, `payload.completed`; `tag` is that of the command.
    ORCH_EVENT_COMPLETED = 8,
    // Engine: a log line, `payload.log`.
    ORCH_EVENT_LOG = 9,
    // Engine: every terminal is gone after `orch_engine_shutdown`. No payload.
    ORCH_EVENT_SHUTDOWN_COMPLETE = 10,
    // Terminal: what changed on the screen, for a reader with ORCH_DELIVERY_SCREEN, `payload.screen`.
    ORCH_EVENT_SCREEN = 11,
    // Terminal: a snapshot of the screen for a reader of bytes, `payload.snapshot`.
    ORCH_EVENT_SNAPSHOT = 12,
    // Terminal: the screen was cleared by ORCH_CONTROL_CLEAR or a client, `payload.cleared`. The scrollback that the
    // reader has shown goes, and on the primary screen the rows above the cursor's; the alternate screen stays.
    ORCH_EVENT_CLEARED = 13,
    // Terminal: a lossless reader lagged more than `orch_attach_options` allows and gets ORCH_EVENT_SCREEN from now
    // on, `payload.delivery_changed`.
    ORCH_EVENT_DELIVERY_CHANGED = 14,
    // Terminal: the program has set the title of its window, `payload.title`.
    ORCH_EVENT_TITLE = 15,
    // Terminal: the program has reported its working directory (OSC 7, 9;9, 633), `payload.cwd`.
    ORCH_EVENT_CWD = 16,
    // Terminal: the program has rung the bell, `payload.bell`.
    ORCH_EVENT_BELL = 17,
    // Terminal: the program wants the user to see a message (OSC 9, 777), `payload.notification`.
    ORCH_EVENT_NOTIFICATION = 18,
    // Terminal: the program asks to set the clipboard (OSC 52), `payload.clipboard`. Only with
    // ORCH_SCREEN_CLIPBOARD.
    ORCH_EVENT_CLIPBOARD = 19,
    // Terminal: a command began, by the marks of the shell (OSC 133, 633), `payload.command_started`.
    ORCH_EVENT_COMMAND_STARTED = 20,
    // Terminal: a command ended, by the marks of the shell, `payload.command_finished`.
    ORCH_EVENT_COMMAND_FINISHED = 21,
    // Watch: the tree has been read for the first time, `payload.watch_ready`. `orch_watch_get_changes` gives what
    // is there; batches report changes from now on.
    ORCH_EVENT_WATCH_READY = 22,
    // Watch: files changed, `payload.watch_batch`.
    ORCH_EVENT_WATCH_BATCH = 23,
    // Watch: everything before a call of `orch_watch_sync` has been reported, `payload.watch_synced`.
    ORCH_EVENT_WATCH_SYNCED = 24,
    // Watch: a part of the tree is not exact, or slower than it could be, `payload.watch_warning`.
    ORCH_EVENT_WATCH_WARNING = 25,
    // Engine: a client wants to change the state, and `orch_config.review_changes` is on, `payload.review`. Answer
    // with `orch_review_answer`.
    ORCH_EVENT_REVIEW = 26,
    // Engine: turns took more processor time than `orch_config.turn_time_warn_us`, `payload.slow_turn`. See
    // `orch_engine_get_stats`.
    ORCH_EVENT_SLOW_TURN = 28,
    // Terminal: the program reports progress of its work (OSC 9;4), `payload.progress`.
    ORCH_EVENT_PROGRESS = 29,
    // Peer: the other engine has accepted the connection, `payload.peer_connected`.
    ORCH_EVENT_PEER_CONNECTED = 30,
    // Peer: there is no connection, `payload.peer_disconnected`. Requests without a reply have failed before with
    // ORCH_REMOTE_DISCONNECTED.
    ORCH_EVENT_PEER_DISCONNECTED = 31,
    // Peer: the copy of its state has reached another version, `payload.peer_state`.
    ORCH_EVENT_PEER_STATE = 32,
    // Peer: output of a terminal starts, `payload.peer_attached`. Comes again after each reconnect.
    ORCH_EVENT_PEER_ATTACHED = 33,
    // Peer: a terminal is gone, could not be attached to, or was detached, `payload.peer_detached`.
    ORCH_EVENT_PEER_DETACHED = 34,
    // Peer: output of a terminal, `payload.peer_output`.
    ORCH_EVENT_PEER_OUTPUT = 35,
    // Peer: output of a terminal is lost, `payload.peer_gap`.
    ORCH_EVENT_PEER_GAP = 36,
    // Peer: the screen of a terminal in place of the bytes before it, `payload.peer_snapshot`.
    ORCH_EVENT_PEER_SNAPSHOT = 37,
    // Peer: what changed on the screen of a terminal, `payload.peer_screen`.
    ORCH_EVENT_PEER_SCREEN = 38,
    // Peer: the program in a terminal has ended, `payload.peer_exited`.
    ORCH_EVENT_PEER_EXITED = 39,
    // Peer: the reply to a request, `payload.peer_reply`.
    ORCH_EVENT_PEER_REPLY = 40,
    // Peer: a change set was committed, `payload.peer_applied`. The copy of the state contains it.
    ORCH_EVENT_PEER_APPLIED = 41,
    // Peer: a change set was rejected, `payload.peer_rejected`.
    ORCH_EVENT_PEER_REJECTED = 42,
    // Peer: the other engine rejected something that has no number, such as input, `payload.peer_problem`.
    ORCH_EVENT_PEER_PROBLEM = 43,
    // Peer: output of a terminal comes in another way from now on, `payload.peer_delivery_changed`.
    ORCH_EVENT_PEER_DELIVERY_CHANGED = 44,
    // Peer: something has happened in a terminal that its rows do not show, `payload.peer_notice`. Comes for the kinds in
    // `orch_peer_options.notices`.
    ORCH_EVENT_PEER_NOTICE = 45,
    // Engine: the health of a part has changed, `payload.health`; `source` is the id of the part, 0 for the loop, memory and
    // spawning. See `orch_engine_get_health`.
    ORCH_EVENT_HEALTH = 46,
    // Terminal: its program, which has ended, is to be started again, was, or is not any more, `payload.restart`. Only with
    // `orch_spawn_options.restart`.
    ORCH_EVENT_RESTART = 47,
};

// What an event carries; the kind says which member is valid. Everything that it points to is borrowed until the
// next `orch_engine_next_event`, `orch_engine_turn` or `orch_engine_destroy` on this engine.
typedef union orch_event_payload {
    // The address alone; NULL for a kind without a payload.
    const void *any;
    // ORCH_EVENT_OUTPUT.
    const struct orch_event_output *output;
    // ORCH_EVENT_GAP.
    const struct orch_event_gap *gap;
    // ORCH_EVENT_EXITED.
    const struct orch_event_exited *exited;
    // ORCH_EVENT_EOF.
    const struct orch_event_eof *eof;
    // ORCH_EVENT_SCREEN.
    const struct orch_event_screen *screen;
    // ORCH_EVENT_SNAPSHOT.
    const struct orch_event_snapshot *snapshot;
    // ORCH_EVENT_CLEARED.
    const struct orch_event_cleared *cleared;
    // ORCH_EVENT_DELIVERY_CHANGED.
    const struct orch_event_delivery_changed *delivery_changed;
    // ORCH_EVENT_TITLE.
    const struct orch_event_title *title;
    // ORCH_EVENT_CWD.
    const struct orch_event_cwd *cwd;
    // ORCH_EVENT_BELL.
    const struct orch_event_bell *bell;
    // ORCH_EVENT_NOTIFICATION.
    const struct orch_event_notification *notification;
    // ORCH_EVENT_CLIPBOARD.
    const struct orch_event_clipboard *clipboard;
    // ORCH_EVENT_COMMAND_STARTED.
    const struct orch_event_command_started *command_started;
    // ORCH_EVENT_COMMAND_FINISHED.
    const struct orch_event_command_finished *command_finished;
    // ORCH_EVENT_PROGRESS.
    const struct orch_event_progress *progress;
    // ORCH_EVENT_WATCH_READY.
    const struct orch_event_watch_ready *watch_ready;
    // ORCH_EVENT_WATCH_BATCH.
    const struct orch_event_watch_batch *watch_batch;
    // ORCH_EVENT_WATCH_SYNCED.
    const struct orch_event_watch_synced *watch_synced;
    // ORCH_EVENT_WATCH_WARNING.
    const struct orch_event_watch_warning *watch_warning;
    // ORCH_EVENT_COMPLETED.
    const struct orch_event_completed *completed;
    // ORCH_EVENT_LOG.
    const struct orch_event_log *log;
    // ORCH_EVENT_SLOW_TURN.
    const struct orch_event_slow_turn *slow_turn;
    // ORCH_EVENT_REVIEW.
    const struct orch_event_review *review;
    // ORCH_EVENT_PEER_CONNECTED.
    const struct orch_event_peer_connected *peer_connected;
    // ORCH_EVENT_PEER_DISCONNECTED.
    const struct orch_event_peer_disconnected *peer_disconnected;
    // ORCH_EVENT_PEER_STATE.
    const struct orch_event_peer_state *peer_state;
    // ORCH_EVENT_PEER_ATTACHED.
    const struct orch_event_peer_attached *peer_attached;
    // ORCH_EVENT_PEER_DETACHED.
    const struct orch_event_peer_detached *peer_detached;
    // ORCH_EVENT_PEER_OUTPUT.
    const struct orch_event_peer_output *peer_output;
    // ORCH_EVENT_PEER_GAP.
    const struct orch_event_peer_gap *peer_gap;
    // ORCH_EVENT_PEER_SNAPSHOT.
    const struct orch_event_peer_snapshot *peer_snapshot;
    // ORCH_EVENT_PEER_SCREEN.
    const struct orch_event_peer_screen *peer_screen;
    // ORCH_EVENT_PEER_EXITED.
    const struct orch_event_peer_exited *peer_exited;
    // ORCH_EVENT_PEER_REPLY.
    const struct orch_event_peer_reply *peer_reply;
    // ORCH_EVENT_PEER_APPLIED.
    const struct orch_event_peer_applied *peer_applied;
    // ORCH_EVENT_PEER_REJECTED.
    const struct orch_event_peer_rejected *peer_rejected;
    // ORCH_EVENT_PEER_PROBLEM.
    const struct orch_event_peer_problem *peer_problem;
    // ORCH_EVENT_PEER_DELIVERY_CHANGED.
    const struct orch_event_peer_delivery_changed *peer_delivery_changed;
    // ORCH_EVENT_PEER_NOTICE.
    const struct orch_event_peer_notice *peer_notice;
    // ORCH_EVENT_HEALTH.
    const struct orch_event_health *health;
    // ORCH_EVENT_RESTART.
    const struct orch_event_restart *restart;
} orch_event_payload;

// An event. Initialize it with ORCH_EVENT_INIT once; the library leaves `size` alone.
typedef struct orch_event {
    // `sizeof(orch_event)`, set by the host.
    size_t size;
    // What it is about.
    orch_event_kind kind;
    // Always 0.
    uint32_t reserved;
    // The terminal, watch or peer that it is about; 0 for the engine.
    uint64_t source;
    // The tag that the host gave to the source, or to the command of ORCH_EVENT_COMPLETED.
    uint64_t tag;
    // What the kind says.
    union orch_event_payload payload;
} orch_event;
#define ORCH_EVENT_INIT \
    { sizeof(orch_event), 0, 0, 0, 0, { NULL } }

// Takes the next event: ORCH_OK with an event in `out_event`, ORCH_DONE when there is none before the next turn.
//
// Reading an event consumes it and invalidates what the previous one lent. Unread output stays in the engine and
// exerts backpressure on its program; it is never dropped.
//
// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_SYSTEM. After ORCH_E_PANIC the message of the panic comes once as
// ORCH_EVENT_LOG, then the call returns ORCH_E_POISONED.
orch_status orch_engine_next_event(struct orch_engine *engine,
                                   struct orch_event *out_event);

// A command that a sender posted is done.
typedef struct orch_event_completed {
    // What the same call on the owner thread would have returned.
    orch_status status;
    // Always 0.
    uint32_t reserved;
    // The terminal that a spawn has started; else 0.
    uint64_t terminal;
    // The error message when `status` is negative: one line, UTF-8.
    struct orch_bytes message;
} orch_event_completed;

// A line for the host's log.
typedef struct orch_event_log {
    // How serious it is.
    orch_log_level level;
    // Always 0.
    uint32_t reserved;
    // The line: UTF-8, not terminated.
    struct orch_bytes text;
    // The client that it is about; 0: none.
    uint64_t client;
} orch_event_log;

// Turns took more processor time than `orch_config.turn_time_warn_us`. All but `count` is about the longest one.
typedef struct orch_event_slow_turn {
    // How many since the last such event.
    uint32_t count;
    // The stage that took most of the time.
    orch_stage stage;
    // The name of the stage.
    struct orch_bytes stage_name;
    // Processor time of the turn, in nanoseconds.
    uint64_t cpu_ns;
    // Time on the clock of the turn, in nanoseconds.
    uint64_t wall_ns;
    // Time on the clock in the stage, in nanoseconds.
    uint64_t stage_wall_ns;
} orch_event_slow_turn;

// A part is in another health than was reported of it last, or for another reason. Of several changes only the newest
// is reported. A part that is gone is reported as ORCH_HEALTH_OK if it was not before.
typedef struct orch_event_health {
    // The part, as it is now.
    struct orch_part_health health;
} orch_event_health;

// ---------------------------------------------------------------------------------------------------------
// Terminals
//
// A terminal is a PTY with a program in it. Its output goes to a log, from which any number of readers get it, each
// at its own pace. The reader that is made with the terminal receives every byte:
//
//     orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;      // $SHELL, 80 columns, 24 rows
//     uint64_t terminal = 0;
//     orch_terminal_spawn(engine, &options, &terminal);
//     size_t accepted = 0;
//     orch_terminal_write(engine, terminal, "ls\r", 3, &accepted);   // Enter is a carriage return
//
// A terminal whose program has ended stays, with its log, so that its output can be read. Close it with
// `orch_terminal_close`; its id is valid until ORCH_EVENT_CLOSED has been read.
//
// Every byte of output has an offset, counted from the start of the terminal. The log keeps the newest `log_bytes`.
// A reader that lags exerts backpressure (ORCH_DELIVERY_LOSSLESS), loses bytes and learns which
// (ORCH_DELIVERY_LOSSY), or gets the screen in place of bytes (ORCH_DELIVERY_SCREEN). A program's exit is reported
// after its last byte.
//
// A program gets the environment of the host with TERM=xterm-256color and COLORTERM=truecolor, without variables that
// describe the terminal or editor of the host, such as TMUX, TERM_PROGRAM, VTE_VERSION, VSCODE_* and NVIM
// (docs/ENVIRONMENT.md lists them), and without ORCHFLOW_TOKEN. All of its signals have the default action and none
// is blocked. It is the leader of a session of its own, the PTY is its controlling terminal and its descriptors 0, 1
// and 2; it inherits no other descriptor.
// ---------------------------------------------------------------------------------------------------------

// The size of a terminal.
typedef struct orch_size {
    // Columns, 1 to 65,535.
    uint16_t cols;
    // Rows, 1 to 65,535.
    uint16_t rows;
    // Width of the whole terminal in pixels, 0 if unknown.
    uint16_t pixel_width;
    // Height of the whole terminal in pixels, 0 if unknown.
    uint16_t pixel_height;
} orch_size;

// How output reaches a reader.
typedef uint32_t orch_delivery;
enum {
    // Every byte; the program blocks while too much is unread.
    ORCH_DELIVERY_LOSSLESS = 0,
    // The program never waits; what the log no longer has is reported as a gap.
    ORCH_DELIVERY_LOSSY = 1,
    // For `orch_spawn_options.delivery` and `orch_adopt_options.delivery`: no reader at all.
    ORCH_DELIVERY_NONE = 2,
    // No bytes; what changed on the screen (ORCH_EVENT_SCREEN), at the reader's own pace. For a
    // terminal with a screen.
    ORCH_DELIVERY_SCREEN = 3,
};

// How to start a program in a terminal. In every field 0 is the default.
//
// Pointers are read during the call only.
typedef struct orch_spawn_options {
    // `sizeof(orch_spawn_options)`.
    size_t size;
    // The program and its arguments. The program is looked up in the child's PATH unless it
    // contains a slash. No elements: the user's shell.
    const struct orch_bytes *argv;
    // Elements of `argv`.
    size_t argv_len;
    // Changes to the environment, in order: "NAME=VALUE" sets, "NAME" unsets. They win over what is
    // inherited, which is the host's environment without the variables that describe the host's own
    // terminal or editor (such as TMUX, TERM_PROGRAM, VTE_VERSION, VSCODE_*, NVIM) and without
    // ORCHFLOW_TOKEN; docs/ENVIRONMENT.md lists them all.
    const struct orch_bytes *env;
    // Elements of `env`.
    size_t env_len;
    // Not 0: start from an empty environment instead of the host's.
    uint32_t env_clear;
    // Delivery of the reader that is made with the terminal. Default ORCH_DELIVERY_LOSSLESS.
    orch_delivery delivery;
    // The working directory; no bytes for the host's.
    struct orch_bytes cwd;
    // The terminal's size. Default 80 columns, 24 rows.
    struct orch_size window;
    // Bytes of output to keep, at least 65,536; 0 for the engine's `log_bytes`.
    size_t log_bytes;
    // A number of the host's own; comes back in every event of the terminal.
    uint64_t tag;
    // How to keep the screen; NULL (the default) for none.
    const struct orch_screen_options *screen;
    // Starts the program again after it has ended; NULL (the default): it is not started again.
    const struct orch_restart_options *restart;
} orch_spawn_options;
#define ORCH_SPAWN_OPTIONS_INIT \
    { sizeof(orch_spawn_options), NULL, 0, NULL, 0, 0, 0, { NULL, 0 }, { 0, 0, 0, 0 }, 0, 0, NULL, \
     NULL }

// Starts a program in a new terminal. `options` may be NULL for the user's shell.
//
// Owner thread. Returns when the program has been executed, about 0.4 ms whatever the size of the
// host's memory. Errors: ORCH_E_NO_PROGRAM, ORCH_E_NOT_EXECUTABLE, ORCH_E_NO_DIRECTORY,
// ORCH_E_NO_PTY, ORCH_E_NO_FD, ORCH_E_LIMIT, ORCH_E_NO_SCREEN, ORCH_E_INVALID, ORCH_E_GONE after a
// shutdown; nothing is left behind by any of them.
orch_status orch_terminal_spawn(struct orch_engine *engine,
                                const struct orch_spawn_options *options,
                                uint64_t *out_terminal);

// Starts `count` programs. `options` is an array whose elements lie `stride` bytes apart
// (`sizeof(orch_spawn_options)`; their `size` fields count as well). For each element
// `out_statuses` gets a status and, where that is ORCH_OK, `out_terminals` an id. One that fails
// does not stop the others, nor is it a failure of the call.
//
// Owner thread. Errors: ORCH_E_INVALID.
orch_status orch_terminal_spawn_many(struct orch_engine *engine,
                                     const struct orch_spawn_options *options,
                                     size_t count,
                                     size_t stride,
                                     uint64_t *out_terminals,
                                     orch_status *out_statuses);

// How to take over a PTY master. In every field 0 is the default.
typedef struct orch_adopt_options {
    // `sizeof(orch_adopt_options)`.
    size_t size;
    // The program in the terminal, 0 if not known. The engine reaps it if it is a child of this
    // process.
    int32_t pid;
    // As in `orch_spawn_options`.
    orch_delivery delivery;
    // The size to set; 0 by 0 leaves it as it is.
    struct orch_size window;
    // As in `orch_spawn_options`.
    size_t log_bytes;
    // As in `orch_spawn_options`.
    uint64_t tag;
    // As in `orch_spawn_options`.
    const struct orch_screen_options *screen;
} orch_adopt_options;
#define ORCH_ADOPT_OPTIONS_INIT \
    { sizeof(orch_adopt_options), 0, 0, { 0, 0, 0, 0 }, 0, 0, NULL }

// Takes over an open PTY master. On success the descriptor is the engine's: do not use or close it
// any more. On error it stays the host's. `options` may be NULL. Without a known program the terminal
// ends when the last slave is closed.
//
// Owner thread. Errors: ORCH_E_INVALID when it is not a PTY master, ORCH_E_LIMIT, ORCH_E_NO_FD,
// ORCH_E_NO_SCREEN, ORCH_E_GONE.
orch_status orch_terminal_adopt(struct orch_engine *engine,
                                int32_t fd,
                                const struct orch_adopt_options *options,
                                uint64_t *out_terminal);

// Types bytes into a terminal: what the PTY takes goes out at once, the rest waits in the engine.
// `out_accepted` (may be NULL) gets how many were accepted, the first ones; when fewer than `len`,
// the queue is full and ORCH_EVENT_INPUT_READY reports when to go on.
//
// Owner thread. Never blocks. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
orch_status orch_terminal_write(struct orch_engine *engine,
                                uint64_t terminal,
                                const void *data,
                                size_t len,
                                size_t *out_accepted);

// Types text as a person pastes it: its ends of lines become carriage returns, control characters and
// every end of a bracketed paste are taken out, and it is bracketed when the program asked for that
// (known with a screen only). All of it or nothing.
//
// Owner thread. Never blocks. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_LIMIT when
// the input queue has no room for all, ORCH_E_INVALID.
orch_status orch_terminal_paste(struct orch_engine *engine,
                                uint64_t terminal,
                                const void *data,
                                size_t len);

// Changes the size. The first change is made at once, further ones at most every
// `resize_interval_ms`, the last one always. From then on the host decides the size: this sets the policy
// ORCH_SIZE_POLICY_FIXED.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID, ORCH_E_LIMIT when
// it has a screen and that would have more than `screen_cells`.
orch_status orch_terminal_resize(struct orch_engine *engine,
                                 uint64_t terminal,
                                 struct orch_size window);

// Who gets a signal.
typedef uint32_t orch_signal_target;
enum {
    // The foreground process group, as Ctrl-C does; if there is none, the group of the program.
    ORCH_SIGNAL_FOREGROUND = 0,
    // The process group of the program that was started.
    ORCH_SIGNAL_LEADER = 1,
};

// Sends a signal, 1 to SIGRTMAX, to one of ORCH_SIGNAL_*.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_ENDED when there is no process.
orch_status orch_terminal_signal(struct orch_engine *engine,
                                 uint64_t terminal,
                                 int32_t signal,
                                 orch_signal_target target);

// What `orch_terminal_control` does.
typedef uint32_t orch_control;
enum {
    // Ends the input as a person would, with the terminal's end-of-file character (usually Ctrl-D), twice where a line
    // in canonical mode is unfinished.
    //
    // The character is typed once the program has read all input and waits for more. The engine supervises it until it is
    // read, because a switch between canonical and raw mode before that would give it another meaning. It ends one read of
    // one program. Input that is written later comes after it: the character is then typed at once and no longer
    // supervised.
    ORCH_CONTROL_EOF = 1,
    // Clears the screen: drops the scrollback and the rows above the cursor's, which becomes the first one; on the
    // alternate screen, which a program draws, only the scrollback. Readers of bytes get ORCH_EVENT_CLEARED. The
    // program does not notice.
    ORCH_CONTROL_CLEAR = 2,
};

// Does something to a terminal that needs no argument.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_INVALID; ORCH_E_ENDED, ORCH_E_LIMIT for
// ORCH_CONTROL_EOF; ORCH_E_NO_SCREEN for ORCH_CONTROL_CLEAR.
orch_status orch_terminal_control(struct orch_engine *engine,
                                  uint64_t terminal,
                                  orch_control control);

// Modes of the line discipline.
typedef uint32_t orch_mode;
enum {
    // Bytes pass unchanged both ways, as by `cfmakeraw`.
    ORCH_MODE_RAW = 1,
    // Lines are edited and signals come from keys, as by `stty sane`.
    ORCH_MODE_COOKED = 2,
    // Input is echoed.
    ORCH_MODE_ECHO = 3,
    // Input is not echoed.
    ORCH_MODE_NO_ECHO = 4,
};

// Who decides the size of a terminal that clients of the server show. A viewer is an attachment of a client
// that has reported the columns and rows of its window, and whose token has ORCH_SCOPE_TYPE. While more than one
// viewer is attached, viewers make a terminal no smaller than 20 columns and 5 rows; a single one may make it as
// small as 2 columns and 1 row.
typedef uint32_t orch_size_policy;
enum {
    // The host decides; viewers do not change the size. `orch_terminal_resize` and ORCH_OP_RESIZE of the host set this.
    ORCH_SIZE_POLICY_FIXED = 1,
    // The fewest columns and the fewest rows of all viewers, so that each of them shows the whole terminal.
    ORCH_SIZE_POLICY_SMALLEST = 2,
    // The window of the viewer that typed last (input, paste, interrupt, end of input). The policy of a new terminal.
    // Attaching and changing a window do not count as typing. While no viewer has typed, the one that reported its
    // window first decides.
    ORCH_SIZE_POLICY_LATEST = 3,
};

// What `orch_terminal_set` sets.
typedef uint32_t orch_terminal_option;
enum {
    // 1: the terminal is not read; its program blocks once the kernel's buffer is full, and its exit is reported only
    // after 0, when all of its output has been read. 0: it is read again.
    ORCH_TERMINAL_OPTION_PAUSED = 1,
    // The line discipline, one of ORCH_MODE_*. Input that was written just before may be echoed only after the change:
    // the kernel's worker carries it over.
    ORCH_TERMINAL_OPTION_MODE = 2,
    // Who decides the size, one of ORCH_SIZE_POLICY_*. The policy is applied at once; if no viewer is attached,
    // the size stays as it is.
    ORCH_TERMINAL_OPTION_SIZE_POLICY = 3,
};

// Sets an option of a terminal. `orch_terminal_state` contains what is set.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID.
orch_status orch_terminal_set(struct orch_engine *engine,
                              uint64_t terminal,
                              orch_terminal_option option,
                              uint32_t value);

// Closes a terminal: SIGHUP to the program's group and the foreground group, SIGKILL to both if the
// program has not ended after `grace_ms`. Others that ignore the hangup, as under `nohup`, go on
// without a terminal. Output that still comes is delivered; pauses end. ORCH_EVENT_CLOSED is its last event, and the id is good until that has been
// read. Closing again sets a new grace from now.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID.
orch_status orch_terminal_close(struct orch_engine *engine,
                                uint64_t terminal,
                                uint32_t grace_ms);

// What an operation does.
typedef uint32_t orch_op_kind;
enum {
    // Types `data` and `len`, all of it or, when the queue has no room for all, nothing.
    ORCH_OP_INPUT = 1,
    // Changes the size to `window`.
    ORCH_OP_RESIZE = 2,
    // Sets the mode `value`, one of ORCH_MODE_*.
    ORCH_OP_SET_MODE = 3,
    // Sends the signal `signal` to `value`, one of ORCH_SIGNAL_*.
    ORCH_OP_SIGNAL = 4,
    // Types `data` and `len` as `orch_terminal_paste` does.
    ORCH_OP_PASTE = 5,
    // Clears the screen as ORCH_CONTROL_CLEAR does.
    ORCH_OP_CLEAR = 6,
    // Scrolls `reader` to `value` rows as ORCH_READER_OPTION_SCROLL does.
    ORCH_OP_SCROLL_TO = 7,
    // For ORCH_REQUEST_BATCH only: types the interrupt character and discards output that was not yet sent to this engine.
    ORCH_OP_INTERRUPT = 8,
    // For ORCH_REQUEST_BATCH only: ends the input.
    ORCH_OP_EOF = 9,
    // For ORCH_REQUEST_BATCH only: sends SIGHUP, and SIGKILL after `value` milliseconds.
    ORCH_OP_CLOSE = 10,
};

// One operation of a batch. Set fields that its kind does not name to 0.
typedef struct orch_op {
    // Which terminal.
    uint64_t terminal;
    // One of ORCH_OP_*.
    orch_op_kind kind;
    // See the kinds.
    uint32_t value;
    // ORCH_OP_SIGNAL: 1 to SIGRTMAX.
    int32_t signal;
    // Must be 0.
    uint32_t reserved;
    // ORCH_OP_INPUT, ORCH_OP_PASTE: the bytes.
    const void *data;
    // ORCH_OP_INPUT, ORCH_OP_PASTE: how many.
    size_t len;
    // ORCH_OP_RESIZE: the size. For a terminal of this engine it sets the policy ORCH_SIZE_POLICY_FIXED.
    struct orch_size window;
    // ORCH_OP_SCROLL_TO: which reader of the terminal.
    uint64_t reader;
} orch_op;
#define ORCH_OP_INIT \
    { 0, 0, 0, 0, 0, NULL, 0, { 0, 0, 0, 0 }, 0 }

// What became of a batch.
typedef struct orch_batch_result {
    // `sizeof(orch_batch_result)`, set by the host.
    size_t size;
    // Operations in the batch.
    size_t total;
    // Those that succeeded.
    size_t succeeded;
    // Those that failed or were skipped.
    size_t failed;
    // How long the batch took, in nanoseconds.
    uint64_t duration_ns;
} orch_batch_result;
#define ORCH_BATCH_RESULT_INIT \
    { sizeof(orch_batch_result), 0, 0, 0, 0 }

// Does `count` operations, an array whose elements lie `stride` bytes apart (`sizeof(orch_op)`).
//
// Operations that follow each other and name the same terminal form a group: they are done in
// order, and after one fails the rest of its group is ORCH_E_SKIPPED, because it may build on it.
// Other groups go on. `out_statuses` (may be NULL) gets a status for each operation, `out_result`
// (may be NULL) the totals. A failed operation is not a failure of the call; it leaves its status and no message.
//
// Owner thread. Errors: ORCH_E_INVALID when an argument of the call itself is wrong; then nothing was done.
orch_status orch_terminal_batch(struct orch_engine *engine,
                                const struct orch_op *ops,
                                size_t count,
                                size_t stride,
                                orch_status *out_statuses,
                                struct orch_batch_result *out_result);

// Types the same bytes into many terminals; outputs as in `orch_terminal_batch`. A terminal takes all of the
// bytes or, when its queue has no room, none.
//
// Owner thread. Errors: ORCH_E_INVALID, then nothing was done.
orch_status orch_terminal_write_many(struct orch_engine *engine,
                                     const uint64_t *terminals,
                                     size_t count,
                                     const void *data,
                                     size_t len,
                                     orch_status *out_statuses,
                                     struct orch_batch_result *out_result);

// What a terminal reports about its output.

// Bytes for a reader. Consecutive events of one reader are contiguous, unless an ORCH_EVENT_GAP or
// ORCH_EVENT_SNAPSHOT stands between them.
typedef struct orch_event_output {
    // The reader that they are for.
    uint64_t reader;
    // Offset of the first byte in everything that the program has written.
    uint64_t offset;
    // The bytes.
    const uint8_t *data;
    // How many.
    size_t len;
} orch_event_output;

// A lossy reader has lost the bytes from `start` up to, not including, `end`.
typedef struct orch_event_gap {
    // The reader.
    uint64_t reader;
    // Offset of the first byte that is lost.
    uint64_t start;
    // Offset of the next byte that the reader gets.
    uint64_t end;
} orch_event_gap;

// How a program ended.
typedef uint32_t orch_exit_kind;
enum {
    // It exited with a code, 0 to 255.
    ORCH_EXIT_CODE = 1,
    // A signal killed it.
    ORCH_EXIT_SIGNAL = 2,
    // It ended, and its status is not known: another part of the process collected it.
    ORCH_EXIT_UNKNOWN = 3,
};

// The program in a terminal has ended.
typedef struct orch_event_exited {
    // How it ended.
    orch_exit_kind exit_kind;
    // The exit code or the number of the signal; 0 for ORCH_EXIT_UNKNOWN.
    int32_t exit_value;
    // 1 if a core was dumped.
    uint32_t core_dumped;
    // Always 0.
    uint32_t reserved;
    // Offset after its last byte. Every reader has received what is before it.
    uint64_t end;
} orch_event_exited;

// There is no more output.
typedef struct orch_event_eof {
    // Offset after the last byte.
    uint64_t end;
} orch_event_eof;

// A program that is started again after it has ended. Each start is a new terminal:
//
//     orch_restart_options again = ORCH_RESTART_OPTIONS_INIT;    // unless it exits with code 0
//     options.restart = &again;
//     ...
//     case ORCH_EVENT_RESTART:                                   // after ORCH_EVENT_EXITED
//         if (event.payload.restart->step == ORCH_RESTART_STEP_STARTED)
//             show_instead(event.source, event.payload.restart->terminal);
//
// Panes of the state that show the ended terminal show the new one. Closing the running terminal, or the ended one
// before its program is started again, ends the restarts; so does a shutdown.

// Flags of `orch_restart_options`.
typedef uint32_t orch_restart_flags;
enum {
    // The program is started again also after it has exited with code 0.
    ORCH_RESTART_ALWAYS = 1,
    // A start closes the terminal of the run before; `keep_ended` must be 0.
    ORCH_RESTART_CLOSE_ENDED = 2,
};

// When a program is started again after it has ended, in a new terminal. In every field 0 is the default.
//
// A run of `stable_after_ns` worked, however it ends. A shorter one is a failure, also with exit code 0, and so is a
// start that fails: a failure takes a retry, and too many in a row open the breaker. So a program that ends at once
// never spins. Pointers are read during the call only.
typedef struct orch_restart_options {
    // `sizeof(orch_restart_options)`.
    size_t size;
    // Sum of ORCH_RESTART_ALWAYS and ORCH_RESTART_CLOSE_ENDED. Default 0.
    orch_restart_flags flags;
    // So many terminals of ended runs stay beside the running one; a start closes older ones. While a start is waited
    // for, there is one more. A start needs a free place among `orch_config.terminals`. 0 (the default): 1.
    uint32_t keep_ended;
    // The delays before starts, and how many starts there are without a run that is stable; NULL for the defaults.
    const struct orch_retry_options *retry;
    // After how many failures in a row no start is made for a while; NULL for the defaults.
    const struct orch_breaker_options *breaker;
    // How long a run lasts before it is stable and the failures before it are forgotten, in nanoseconds, at most 365
    // days. 0 (the default): 10 s.
    uint64_t stable_after_ns;
} orch_restart_options;
#define ORCH_RESTART_OPTIONS_INIT \
    { sizeof(orch_restart_options), 0, 0, NULL, NULL, 0 }

// The state of a circuit breaker.
typedef uint32_t orch_breaker_state;
enum {
    // Calls, or attempts, are made.
    ORCH_BREAKER_CLOSED = 0,
    // None is made.
    ORCH_BREAKER_OPEN = 1,
    // One at a time is made as a trial.
    ORCH_BREAKER_HALF_OPEN = 2,
};

// What happens to a program that is started again after it has ended.
typedef uint32_t orch_restart_step;
enum {
    // It will be started again. Closing the terminal before ends that.
    ORCH_RESTART_STEP_WAITING = 1,
    // It was started again, in another terminal with the options, the tag and the size of this one.
    ORCH_RESTART_STEP_STARTED = 2,
    // It is not started any more: all attempts are used up.
    ORCH_RESTART_STEP_GIVEN_UP = 3,
};

// The program of a terminal with `orch_spawn_options.restart` is to be started again, was, or is not any more.
typedef struct orch_event_restart {
    // One of ORCH_RESTART_STEP_*.
    orch_restart_step step;
    // ORCH_RESTART_STEP_WAITING: one of ORCH_BREAKER_*, open after too many failures in a row; else
    // ORCH_BREAKER_CLOSED, whatever the breaker is. `restart_breaker` of orch_terminal_state always has it.
    orch_breaker_state breaker;
    // ORCH_RESTART_STEP_STARTED: the new terminal, of which no event came before; else 0.
    uint64_t terminal;
    // ORCH_RESTART_STEP_WAITING: nanoseconds until the start; else -1.
    int64_t start_in_ns;
    // Starts since the last run that was stable, one that is waited for included.
    uint32_t attempts;
    // Why the last start failed; ORCH_OK when it was the program that ended.
    orch_status error;
    // The message of the error: one line, UTF-8; or no bytes.
    struct orch_bytes message;
} orch_event_restart;

// Readers. A terminal may have several, each with its own delivery and pace:
//
//     orch_attach_options viewer = ORCH_ATTACH_OPTIONS_INIT;
//     viewer.delivery = ORCH_DELIVERY_SCREEN;
//     uint64_t reader = 0;
//     orch_terminal_attach(engine, terminal, &viewer, &reader);

// Where a reader starts.
typedef uint32_t orch_start;
enum {
    // For a terminal of this engine as ORCH_START_OLDEST. For a terminal of a peer: with a snapshot of the screen and at
    // most 1,000 rows of scrollback; if the terminal has no screen, as ORCH_START_OLDEST.
    ORCH_START_DEFAULT = 0,
    // At the oldest byte that is kept.
    ORCH_START_OLDEST = 1,
    // At the next byte that the program writes.
    ORCH_START_NOW = 2,
    // At `offset`; what is no longer kept is reported as a gap. Not for a terminal of a peer.
    ORCH_START_OFFSET = 3,
    // At `offset` if that is still kept, else with a snapshot of the screen (ORCH_EVENT_SNAPSHOT): for a host that has
    // read up to there before. If the terminal has no screen, as ORCH_START_OFFSET.
    ORCH_START_RESUME = 4,
    // With a snapshot of the screen and at most `scrollback` rows above it.
    ORCH_START_SNAPSHOT = 5,
};

// Flags of `orch_attach_options`.
typedef uint32_t orch_attach_flags;
enum {
    // Updates of the screen come without a time between them; `interval_us` does not count.
    ORCH_ATTACH_NO_INTERVAL = 1,
};

// How to attach a reader. In every field 0 is the default.
typedef struct orch_attach_options {
    // `sizeof(orch_attach_options)`.
    size_t size;
    // ORCH_DELIVERY_LOSSLESS (default), ORCH_DELIVERY_LOSSY or ORCH_DELIVERY_SCREEN.
    orch_delivery delivery;
    // One of ORCH_START_*. Default ORCH_START_DEFAULT. ORCH_DELIVERY_SCREEN always starts with all of the
    // screen.
    orch_start start;
    // For ORCH_START_OFFSET and ORCH_START_RESUME: bytes since the terminal's start.
    uint64_t offset;
    // For ORCH_DELIVERY_SCREEN: the shortest time between two updates, in microseconds. Default 16,000; for none
    // see ORCH_ATTACH_NO_INTERVAL.
    uint32_t interval_us;
    // For ORCH_DELIVERY_LOSSLESS: makes it ORCH_DELIVERY_SCREEN, instead of stopping the program, once
    // it has read nothing for so many milliseconds while there was something. ORCH_EVENT_DELIVERY_CHANGED
    // reports it. 0 (the default): however long.
    uint32_t downgrade_age_ms;
    // The same once so many bytes are unread, at most those that the log can keep unread. 0: those, if
    // there is a `downgrade_age_ms`; when both are 0 (the default), it never happens.
    uint64_t downgrade_bytes;
    // For ORCH_START_SNAPSHOT: rows of scrollback.
    size_t scrollback;
    // Sum of ORCH_ATTACH_*.
    orch_attach_flags flags;
    // Must be 0.
    uint32_t reserved;
} orch_attach_options;
#define ORCH_ATTACH_OPTIONS_INIT \
    { sizeof(orch_attach_options), 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// Adds a reader to a terminal's output; its bytes come as ORCH_EVENT_OUTPUT with its id, what it sees of
// the screen as ORCH_EVENT_SCREEN. `options` may be NULL: lossless, from the oldest byte that is kept.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT, ORCH_E_INVALID for an offset past the end,
// ORCH_E_NO_SCREEN when the options need a screen.
orch_status orch_terminal_attach(struct orch_engine *engine,
                                 uint64_t terminal,
                                 const struct orch_attach_options *options,
                                 uint64_t *out_reader);

// Takes a reader away, the one made at spawn too. What it has not read exerts no backpressure any
// more.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
orch_status orch_reader_detach(struct orch_engine *engine, uint64_t reader);

// What `orch_reader_set` sets.
typedef uint32_t orch_reader_option;
enum {
    // 1: the reader gets nothing until it is set to 0. A lossless one then exerts backpressure once its backlog is full,
    // and the terminal's exit waits for it; a lossy one gets a gap later, one with ORCH_DELIVERY_SCREEN the screen as
    // it is then.
    ORCH_READER_OPTION_PAUSED = 1,
    // How output reaches the reader: ORCH_DELIVERY_LOSSLESS, ORCH_DELIVERY_LOSSY or ORCH_DELIVERY_SCREEN. From
    // ORCH_DELIVERY_SCREEN to bytes, an ORCH_EVENT_SNAPSHOT comes first; to it, all of the screen.
    ORCH_READER_OPTION_DELIVERY = 2,
    // For ORCH_DELIVERY_SCREEN: how many rows above the screen the view begins, at most as many as there are; 0 is the
    // screen itself. Further output leaves the view where it is.
    ORCH_READER_OPTION_SCROLL = 3,
};

// Sets an option of a reader.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN, ORCH_E_INVALID, also for
// ORCH_READER_OPTION_SCROLL of a reader of bytes.
orch_status orch_reader_set(struct orch_engine *engine,
                            uint64_t reader,
                            orch_reader_option option,
                            uint32_t value);

// Makes the next event of a reader of bytes an ORCH_EVENT_SNAPSHOT with at most `scrollback` rows
// above the screen; its bytes go on from there. What a reader does after ORCH_EVENT_GAP.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID for a reader with
// ORCH_DELIVERY_SCREEN.
orch_status orch_reader_request_snapshot(struct orch_engine *engine,
                                         uint64_t reader,
                                         size_t scrollback);

// How output reaches a reader has changed.
typedef struct orch_event_delivery_changed {
    // The reader.
    uint64_t reader;
    // Its delivery from now on.
    orch_delivery delivery;
    // Always 0.
    uint32_t reserved;
} orch_event_delivery_changed;

// What is known about a terminal.

// Flags of `orch_terminal_state`.
typedef uint32_t orch_terminal_flags;
enum {
    // The program is running.
    ORCH_TERMINAL_RUNNING = 1,
    // Nobody holds the terminal any more.
    ORCH_TERMINAL_HUNG_UP = 2,
    // It is being closed.
    ORCH_TERMINAL_CLOSING = 4,
    // Not read because the host paused it.
    ORCH_TERMINAL_PAUSED_BY_HOST = 8,
    // Not read because a lossless reader lags.
    ORCH_TERMINAL_PAUSED_BY_READER = 16,
    // Not read because all logs together have used up `log_bytes_total`.
    ORCH_TERMINAL_PAUSED_BY_MEMORY = 32,
    // It has a screen, and the fields from `title` on are filled.
    ORCH_TERMINAL_HAS_SCREEN = 64,
    // The shell reported the exit code of the last command, `last_exit_code`.
    ORCH_TERMINAL_HAS_EXIT_CODE = 128,
    // What is typed is taken line by line and not shown: probably a password is asked for.
    ORCH_TERMINAL_HIDDEN_INPUT = 256,
    // Its program is started again when it ends: the fields from `restart_in_ns` on are filled.
    ORCH_TERMINAL_RESTARTS = 512,
    // Its program is not started any more: all attempts are used up.
    ORCH_TERMINAL_GIVEN_UP = 1024,
};

// A reader as a state query shows it.
typedef struct orch_reader_state {
    // Its id.
    uint64_t reader;
    // One of ORCH_DELIVERY_*.
    orch_delivery delivery;
    // 1 if the host paused it.
    uint32_t paused;
    // Offset of the next byte that it gets.
    uint64_t offset;
    // Bytes between that and the newest one.
    uint64_t backlog;
} orch_reader_state;

// Shapes of the cursor.
typedef uint32_t orch_cursor_shape;
enum {
    // A filled cell.
    ORCH_CURSOR_SHAPE_BLOCK = 0,
    // A line under the cell.
    ORCH_CURSOR_SHAPE_UNDERLINE = 1,
    // A line left of the cell.
    ORCH_CURSOR_SHAPE_BAR = 2,
};

// Flags of `orch_screen_cursor`.
typedef uint32_t orch_cursor_flags;
enum {
    // It is shown.
    ORCH_CURSOR_VISIBLE = 1,
    // It blinks.
    ORCH_CURSOR_BLINKING = 2,
};

// The cursor.
typedef struct orch_screen_cursor {
    // Row, 0 at the top of the screen.
    uint16_t row;
    // Column, 0 at the left.
    uint16_t col;
    // One of ORCH_CURSOR_SHAPE_BLOCK, ORCH_CURSOR_SHAPE_UNDERLINE, ORCH_CURSOR_SHAPE_BAR.
    orch_cursor_shape shape;
    // Sum of ORCH_CURSOR_VISIBLE and ORCH_CURSOR_BLINKING.
    orch_cursor_flags flags;
} orch_screen_cursor;

// Modes of a screen: a sum, and two numbers in its upper bits.
typedef uint32_t orch_screen_modes;
enum {
    // The alternate screen is in use.
    ORCH_SCREEN_MODE_ALTERNATE = 1,
    // Cursor keys send application sequences (DECCKM).
    ORCH_SCREEN_MODE_APPLICATION_CURSOR = 2,
    // The keypad sends application sequences (DECKPAM).
    ORCH_SCREEN_MODE_APPLICATION_KEYPAD = 4,
    // Pasted text is bracketed (2004).
    ORCH_SCREEN_MODE_BRACKETED_PASTE = 8,
    // Clicks are reported (1000).
    ORCH_SCREEN_MODE_MOUSE_CLICKS = 16,
    // Clicks and drags are reported (1002).
    ORCH_SCREEN_MODE_MOUSE_DRAGS = 32,
    // All motion of the mouse is reported (1003).
    ORCH_SCREEN_MODE_MOUSE_MOTION = 64,
    // The mouse is reported in SGR form (1006).
    ORCH_SCREEN_MODE_MOUSE_SGR = 128,
    // The mouse is reported in UTF-8 form (1005).
    ORCH_SCREEN_MODE_MOUSE_UTF8 = 256,
    // Gain and loss of the focus are reported (1004).
    ORCH_SCREEN_MODE_FOCUS_REPORTS = 512,
    // The wheel moves the cursor on the alternate screen (1007).
    ORCH_SCREEN_MODE_ALTERNATE_SCROLL = 1024,
    // Text wraps at the right edge (DECAWM).
    ORCH_SCREEN_MODE_AUTO_WRAP = 2048,
    // Positions count from the scroll region (DECOM).
    ORCH_SCREEN_MODE_ORIGIN = 4096,
    // Text is inserted (IRM).
    ORCH_SCREEN_MODE_INSERT = 8192,
    // A line feed also returns (LNM).
    ORCH_SCREEN_MODE_LINE_FEED_NEW_LINE = 16384,
    // The mouse is reported in urxvt's form (1015).
    ORCH_SCREEN_MODE_MOUSE_URXVT = 32768,
    // The mouse is reported in SGR form, in pixels (1016).
    ORCH_SCREEN_MODE_MOUSE_PIXELS = 0x00010000,
    // Presses of buttons alone are reported, in the form of X10 (9).
    ORCH_SCREEN_MODE_MOUSE_PRESSES = 0x00020000,
    // A change of the colour scheme is reported (2031).
    ORCH_SCREEN_MODE_COLOR_SCHEME_REPORTS = 0x00040000,
    // The colours of text and background are exchanged on the whole screen (DECSCNM).
    ORCH_SCREEN_MODE_REVERSE_SCREEN = 0x00080000,
    // Bits 24 to 28 of the screen modes: the flags of the kitty keyboard protocol.
    ORCH_SCREEN_MODES_KEYBOARD = 0x1f000000,
    // Bits 29 and 30 of the screen modes: the level of xterm's modifyOtherKeys, 0 to 2.
    ORCH_SCREEN_MODES_OTHER_KEYS = 0x60000000,
};

// The state of a program's work, as the program reports it (OSC 9;4).
typedef uint32_t orch_progress_state;
enum {
    // No progress is reported.
    ORCH_PROGRESS_NONE = 0,
    // The work is going on.
    ORCH_PROGRESS_NORMAL = 1,
    // The work has failed.
    ORCH_PROGRESS_FAILED = 2,
    // The work is going on, and how much is left is not known.
    ORCH_PROGRESS_INDETERMINATE = 3,
    // The work is paused, or needs attention.
    ORCH_PROGRESS_PAUSED = 4,
};

// The state of a terminal. Texts and arrays are lent until the next `orch_terminal_get_state` or
// `orch_terminal_get_states` on this engine.
typedef struct orch_terminal_state {
    // `sizeof(orch_terminal_state)`, set by the host.
    size_t size;
    // Its id.
    uint64_t terminal;
    // The host's own number.
    uint64_t tag;
    // The process that was started in it, 0 if not known.
    int32_t pid;
    // The leader of the foreground process group, or once that has ended, as the first program of a pipeline
    // may, the living member that the shell started last. 0 if there is none.
    int32_t foreground_pid;
    // Name of the foreground process, at most 15 bytes; none if unknown.
    struct orch_bytes foreground_name;
    // Working directory of the foreground process, else of the leader; none if unknown.
    struct orch_bytes cwd;
    // The size, with a change that has not reached the program yet.
    struct orch_size window;
    // Sum of ORCH_TERMINAL_RUNNING and the like.
    orch_terminal_flags flags;
    // One of ORCH_EXIT_*; 0 while the program runs.
    orch_exit_kind exit_kind;
    // The exit code or the signal.
    int32_t exit_value;
    // 1 if a core was dumped.
    uint32_t core_dumped;
    // Offset of the oldest byte that the log has.
    uint64_t log_start;
    // Offset after the newest byte: bytes that came out, ever.
    uint64_t log_end;
    // Bytes that the program's side took in, ever.
    uint64_t input_bytes;
    // Bytes that wait for the program to read.
    size_t input_waiting;
    // Nanoseconds since the last input, -1 if there was none.
    int64_t since_input_ns;
    // Nanoseconds since the last output, -1 if there was none.
    int64_t since_output_ns;
    // The readers, in the order of their attaching; elements lie `reader_stride` bytes apart.
    const struct orch_reader_state *readers;
    // Elements of `readers`.
    size_t reader_count;
    // Size of an element as this library has it.
    size_t reader_stride;
    // The title that the program set, UTF-8; none if it did not.
    struct orch_bytes title;
    // The working directory that the program reported, on whatever machine it runs; none if it did not.
    struct orch_bytes reported_cwd;
    // The cursor of the screen.
    struct orch_screen_cursor cursor;
    // As in `orch_screen_update`.
    orch_screen_modes modes;
    // Rows of scrollback.
    size_t history;
    // Nanoseconds since the command began that the shell is running, by its marks; -1 if there is none.
    int64_t command_for_ns;
    // Bytes of the screen and its scrollback, about.
    size_t screen_bytes;
    // Times that the model of the screen failed and was built anew from the log.
    uint32_t screen_failures;
    // Exit code of the last command; see ORCH_TERMINAL_HAS_EXIT_CODE.
    int32_t last_exit_code;
    // Who decides the size, one of ORCH_SIZE_POLICY_*.
    orch_size_policy size_policy;
    // Progress of the program's work, as it reports it: one of ORCH_PROGRESS_*.
    orch_progress_state progress;
    // Its percent, 0 to 100.
    uint32_t progress_percent;
    // Always 0.
    uint32_t reserved;
    // Nanoseconds until its program is started again; -1 while it runs and if it is not started again.
    int64_t restart_in_ns;
    // Starts since the last run that was stable; 0 if this one is.
    uint32_t restart_attempts;
    // One of ORCH_BREAKER_*: open after too many failures in a row, half open while the start after that is a trial; 0
    // without `orch_spawn_options.restart`.
    orch_breaker_state restart_breaker;
    // Why its program could not be started, since its last run; ORCH_OK if it could.
    orch_status restart_error;
    // Always 0.
    uint32_t reserved2;
} orch_terminal_state;
#define ORCH_TERMINAL_STATE_INIT \
    { sizeof(orch_terminal_state), 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { 0, 0, 0, 0 }, 0, 0, 0, \
     0, 0, 0, 0, 0, 0, 0, NULL, 0, 0, { NULL, 0 }, { NULL, 0 }, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, \
     0, 0, 0, 0, 0, 0, 0, 0, 0 }

// The state of a terminal now. Set `out_state->size` first.
//
// Owner thread. Costs a few system calls. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_terminal_get_state(struct orch_engine *engine,
                                    uint64_t terminal,
                                    struct orch_terminal_state *out_state);

// The states of many terminals. `out_states` is an array whose elements lie `stride` bytes apart,
// each with its `size` set. For each id `out_statuses` gets a status; where that is ORCH_OK, the
// element is filled. An unknown id does not make the call fail.
//
// Owner thread. Errors: ORCH_E_INVALID.
orch_status orch_terminal_get_states(struct orch_engine *engine,
                                     const uint64_t *terminals,
                                     size_t count,
                                     struct orch_terminal_state *out_states,
                                     size_t stride,
                                     orch_status *out_statuses);

// ---------------------------------------------------------------------------------------------------------
// Screen
//
// With `orch_spawn_options.screen` the engine keeps what the terminal shows, as xterm would show it, and its
// scrollback:
//
//     orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
//     options.screen = &screen;
//
// A reader with ORCH_DELIVERY_SCREEN gets the rows that changed, at its own pace (ORCH_EVENT_SCREEN). A reader of
// bytes can start with a snapshot of the screen, and continue with one after a gap. The host can query rows, text,
// marks and matches. Titles, bells, notifications and the commands of shells become events. Without a screen nobody
// replies to queries of programs.
//
// Rows are counted from the top of the screen, 0; rows of the scrollback are negative. A reader that has scrolled back by
// `viewport` rows sees the row `index` at `index + viewport`; the cursor stays in rows of the screen.
// ---------------------------------------------------------------------------------------------------------

// A colour.
typedef uint32_t orch_color;
enum {
    // The terminal's own foreground, background or, for an underline, the colour of the text.
    ORCH_COLOR_DEFAULT = 0,
    // Colour, 0x01000000 plus a number: one of the palette's 256. 0 to 7 plain, 8 to 15 bright, 16 to 231 a
    // cube, 232 to 255 grey.
    ORCH_COLOR_INDEXED = 0x01000000,
    // Colour, 0x02000000 plus 0xRRGGBB: a colour by its parts.
    ORCH_COLOR_RGB = 0x02000000,
};

// Flags of `orch_screen_options`.
typedef uint32_t orch_screen_flags;
enum {
    // The engine does not reply to queries of the program (cursor position, colours, capabilities). For output that
    // also goes to another terminal, which replies itself.
    ORCH_SCREEN_NO_REPLIES = 1,
    // Programs may ask to set the clipboard (ORCH_EVENT_CLIPBOARD).
    ORCH_SCREEN_CLIPBOARD = 2,
    // Programs may read back what is on the screen (checksums of rectangles, DECRQCRA) and the titles of the window
    // (CSI 20 t, CSI 21 t). A program then sees what other programs have written, and a title that another program
    // has set is typed as if the user had entered it, which has been used to run commands. Leave it off unless you
    // trust all programs that write to the terminal, as in tests of conformance.
    ORCH_SCREEN_READBACK = 4,
    // No scrollback; `scrollback` does not count.
    ORCH_SCREEN_NO_SCROLLBACK = 8,
};

// How the engine keeps a terminal's screen. In every field 0 is the default.
typedef struct orch_screen_options {
    // `sizeof(orch_screen_options)`.
    size_t size;
    // Rows of scrollback, at most the engine's `scrollback_rows`. Default 1,000.
    size_t scrollback;
    // Sum of ORCH_SCREEN_*.
    orch_screen_flags flags;
    // The foreground that is reported to programs: ORCH_COLOR_RGB plus 0xRRGGBB. Default light grey.
    orch_color foreground;
    // The background that is reported to programs. Default black.
    orch_color background;
    // The colour of the cursor that is reported to programs. Default light grey.
    orch_color cursor;
} orch_screen_options;
#define ORCH_SCREEN_OPTIONS_INIT \
    { sizeof(orch_screen_options), 0, 0, 0, 0, 0 }

enum {
    // In `orch_line_position.line`: no place.
    ORCH_LINE_NONE = -1,
};

// A place in the text of the primary screen and its scrollback that stays when rows scroll away and when the size
// changes.
//
// A line is what ends with a line feed, however many rows it takes (one of more than 16 KiB counts as several). Lines are
// numbered from the first one that the terminal has shown, and no number is used twice for lines of the scrollback. A line
// that is on the screen has a provisional number: it changes when the program inserts, deletes, breaks or joins lines above
// it. It is final once the line has gone to the scrollback. Lines of the alternate screen have no numbers.
typedef struct orch_line_position {
    // Number of the line, 0 or above; ORCH_LINE_NONE for no place.
    int64_t line;
    // Columns of the line before the place, over all of its rows.
    uint64_t col;
} orch_line_position;

// Kinds of underlines.
typedef uint16_t orch_underline;
enum {
    // None.
    ORCH_UNDERLINE_NONE = 0,
    // One line.
    ORCH_UNDERLINE_SINGLE = 1,
    // Two lines.
    ORCH_UNDERLINE_DOUBLE = 2,
    // A wave.
    ORCH_UNDERLINE_CURLY = 3,
    // Dots.
    ORCH_UNDERLINE_DOTTED = 4,
    // Dashes.
    ORCH_UNDERLINE_DASHED = 5,
};

// Attributes of text.
typedef uint16_t orch_attributes;
enum {
    // Bold.
    ORCH_ATTRIBUTE_BOLD = 1,
    // Faint.
    ORCH_ATTRIBUTE_DIM = 2,
    // Italic.
    ORCH_ATTRIBUTE_ITALIC = 4,
    // Foreground and background are exchanged.
    ORCH_ATTRIBUTE_INVERSE = 8,
    // Not to be seen.
    ORCH_ATTRIBUTE_HIDDEN = 16,
    // Struck through.
    ORCH_ATTRIBUTE_STRIKEOUT = 32,
    // Blinking.
    ORCH_ATTRIBUTE_BLINK = 64,
};

// A link on text, by OSC 8.
typedef struct orch_link {
    // Text with the same id and address is one link, also in several places. UTF-8.
    struct orch_bytes id;
    // Where it leads, as the program wrote it: do not open it unasked. UTF-8.
    struct orch_bytes uri;
} orch_link;

// Flags of `orch_run`.
typedef uint16_t orch_run_flags;
enum {
    // Each character takes two columns; without the flag one. A run that contains combining characters is one cell.
    ORCH_RUN_WIDE = 1,
};

// Neighbouring characters of a row that look the same.
typedef struct orch_run {
    // The characters, UTF-8.
    struct orch_bytes text;
    // The link that they are part of; NULL for none.
    const struct orch_link *link;
    // Colour of the text: ORCH_COLOR_DEFAULT, or ORCH_COLOR_INDEXED or ORCH_COLOR_RGB plus which.
    orch_color foreground;
    // Colour behind the text.
    orch_color background;
    // Colour of the underline.
    orch_color underline_color;
    // One of ORCH_UNDERLINE_*.
    orch_underline underline;
    // Sum of ORCH_ATTRIBUTE_*.
    orch_attributes attributes;
    // Columns that the characters take together.
    uint16_t cols;
    // Sum of ORCH_RUN_*.
    orch_run_flags flags;
    // Always 0.
    uint32_t reserved;
} orch_run;

// Flags of `orch_row`.
typedef uint32_t orch_row_flags;
enum {
    // The line goes on in the row below.
    ORCH_ROW_WRAPPED = 1,
};

// One row of a screen or its scrollback.
typedef struct orch_row {
    // Its place: 0 is the top row of the screen, -1 the newest row of the scrollback.
    int32_t index;
    // Sum of ORCH_ROW_*.
    orch_row_flags flags;
    // The runs from the left; what is right of the last one is blank, in the default style; elements
    // lie `orch_rows.run_stride` bytes apart (`orch_element_at`).
    const struct orch_run *runs;
    // How many.
    size_t run_count;
    // The place of its first column in its line, as it was when the row was asked for or sent; ORCH_LINE_NONE on the
    // alternate screen, and in rows of another engine, for which see `orch_screen_update.line`.
    struct orch_line_position line;
} orch_row;

// Rows, from the top. Elements may be larger than this header knows: go through them with
// `orch_element_at` and the strides.
typedef struct orch_rows {
    // The first row.
    const struct orch_row *rows;
    // How many.
    size_t row_count;
    // Bytes from one row to the next.
    size_t row_stride;
    // Bytes from one run of a row to the next.
    size_t run_stride;
} orch_rows;

// Rows that moved: each row of the region takes the place `rows` further up, or down if negative;
// places that nothing moved into follow as rows.
typedef struct orch_scroll {
    // First row of the region.
    uint16_t top;
    // The row after its last.
    uint16_t bottom;
    // How far, never 0 and less than the region's height.
    int32_t rows;
} orch_scroll;

// Flags of `orch_screen_update`.
typedef uint32_t orch_update_flags;
enum {
    // Nothing that was known before counts any more; `rows` is all that is seen.
    ORCH_UPDATE_FULL = 1,
};

// What has to be drawn to show a screen as it is now. Apply the scrolls in their order, then put in
// the rows.
typedef struct orch_screen_update {
    // `sizeof(orch_screen_update)`: set by the host for one that is to be filled, by the library in an
    // event.
    size_t size;
    // Names this state of the screen; see `orch_terminal_get_screen`. Counts up.
    uint64_t generation;
    // Output up to this offset is in it.
    uint64_t offset;
    // Sum of ORCH_UPDATE_*.
    orch_update_flags flags;
    // Sum of ORCH_SCREEN_MODE_*, and the numbers behind ORCH_SCREEN_MODES_*.
    orch_screen_modes modes;
    // Columns and rows of the screen.
    struct orch_size window;
    // Rows of scrollback above it.
    uint32_t history;
    // How far the reader has scrolled back: what it sees begins that many rows above the screen.
    uint32_t viewport;
    // The cursor.
    struct orch_screen_cursor cursor;
    // Always 0.
    uint32_t reserved;
    // The title, UTF-8, when it changed or everything is sent; else `data` is NULL.
    struct orch_bytes title;
    // Rows that moved; elements lie `scroll_stride` bytes apart (`orch_element_at`).
    const struct orch_scroll *scrolls;
    // How many.
    size_t scroll_count;
    // Bytes from one to the next.
    size_t scroll_stride;
    // Rows that are different.
    struct orch_rows rows;
    // The place of the top row that is seen; ORCH_LINE_NONE on the alternate screen. A row below one that is wrapped goes
    // on in its line, as many columns further on as the screen has, or one less where a character of two columns did not
    // fit; other rows begin the next line.
    struct orch_line_position line;
} orch_screen_update;
#define ORCH_SCREEN_UPDATE_INIT \
    { sizeof(orch_screen_update), 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, { 0, 0, 0, 0 }, 0, { NULL, 0 }, \
     NULL, 0, 0, { NULL, 0, 0, 0 }, { 0, 0 } }

// What changed on a screen since an earlier update. `generation` is that of the update, from this call or from an event
// of a reader that is not scrolled back; with 0, or one that is too old, all of the screen is returned. Set
// `out_update->size` before; it is left as it is.
//
// What this call, `orch_terminal_get_rows`, `orch_terminal_get_text`, `orch_terminal_get_snapshot`,
// `orch_terminal_get_marks` and `orch_terminal_search` lend is good until the next of these calls on the engine
// that succeeds, or the engine's end. Events and turns do not matter to it, nor it to what an event has lent.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
orch_status orch_terminal_get_screen(struct orch_engine *engine,
                                     uint64_t terminal,
                                     uint64_t generation,
                                     struct orch_screen_update *out_update);

// Rows of a screen (0 is its top) and its scrollback (-1 is its newest row), as many of `count` from
// `first` on as there are.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
// ORCH_E_INVALID.
orch_status orch_terminal_get_rows(struct orch_engine *engine,
                                   uint64_t terminal,
                                   int32_t first,
                                   size_t count,
                                   struct orch_rows *out_rows);

// A screen as text, UTF-8, with at most `scrollback` rows above it: a line per row, each with a line
// feed, trailing blanks cut.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
// ORCH_E_INVALID.
orch_status orch_terminal_get_text(struct orch_engine *engine,
                                   uint64_t terminal,
                                   size_t scrollback,
                                   struct orch_bytes *out_text);

// A snapshot of a screen.
typedef struct orch_snapshot {
    // `sizeof(orch_snapshot)`, set by the host.
    size_t size;
    // Go on with the output from this offset.
    uint64_t offset;
    // Control sequences that reset a terminal and make it show the same.
    const void *data;
    // How many bytes.
    size_t len;
    // Columns and rows of the screen, which the other terminal has to have as well.
    struct orch_size window;
    // The place of the first row that it shows, of the scrollback or the primary screen: lines of the other terminal can be
    // named as here.
    struct orch_line_position line;
} orch_snapshot;
#define ORCH_SNAPSHOT_INIT \
    { sizeof(orch_snapshot), 0, NULL, 0, { 0, 0, 0, 0 }, { 0, 0 } }

// A snapshot of a screen with at most `scrollback` rows above it, to be fed to another terminal of the
// same size. Set `out_snapshot->size` before; it is left as it is.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
// ORCH_E_INVALID.
orch_status orch_terminal_get_snapshot(struct orch_engine *engine,
                                       uint64_t terminal,
                                       size_t scrollback,
                                       struct orch_snapshot *out_snapshot);

// Where a place in a line is now, at the present size: its row (0 is the top of the screen, -1 the newest row of the
// scrollback) and column. A column behind the end of its row is that row's last one.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID, ORCH_E_NOT_FOUND when the line has left the
// scrollback or was erased, while the alternate screen hides it, and for a moment while a long scrollback is counted
// after a change of the width. Then the outputs are left as they are.
orch_status orch_terminal_get_position(struct orch_engine *engine,
                                       uint64_t terminal,
                                       struct orch_line_position position,
                                       int32_t *out_row,
                                       uint32_t *out_col);

// What a mark of the shell means.
typedef uint32_t orch_mark_kind;
enum {
    // A prompt begins (OSC 133 or 633, A).
    ORCH_MARK_PROMPT_START = 0,
    // The prompt ends, and what the user types begins (B).
    ORCH_MARK_COMMAND_START = 1,
    // The command runs, and its output begins (C).
    ORCH_MARK_OUTPUT_START = 2,
    // The output ends (D).
    ORCH_MARK_OUTPUT_END = 3,
};

// A place that the program has marked. It stays with its text, and vanishes with it.
typedef struct orch_mark {
    // One of ORCH_MARK_*. Ignore kinds that you do not know.
    orch_mark_kind kind;
    // Always 0.
    uint32_t reserved;
    // Where.
    struct orch_line_position position;
} orch_mark;

// The marks of a terminal.
typedef struct orch_marks {
    // `sizeof(orch_marks)`, set by the host.
    size_t size;
    // The marks in the order of the text; elements lie `mark_stride` bytes apart (`orch_element_at`).
    const struct orch_mark *marks;
    // How many.
    size_t mark_count;
    // Bytes from one to the next.
    size_t mark_stride;
} orch_marks;
#define ORCH_MARKS_INIT \
    { sizeof(orch_marks), NULL, 0, 0 }

// The prompts, commands and outputs that the program has marked, in the order of the text: the newest 4,096 of the
// scrollback, and 256 of the primary screen. Set `out_marks->size` before; it is left as it is.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
orch_status orch_terminal_get_marks(struct orch_engine *engine,
                                    uint64_t terminal,
                                    struct orch_marks *out_marks);

// Flags of `orch_search_options`.
typedef uint32_t orch_search_flags;
enum {
    // The pattern is a regular expression in the syntax of Rust's regex crate: no backreferences, no look-around,
    // matched in linear time.
    ORCH_SEARCH_REGEX = 1,
    // Upper and lower case are equal.
    ORCH_SEARCH_IGNORE_CASE = 2,
    // The search starts at the row `from` and the column `from_col`.
    ORCH_SEARCH_FROM_ROW = 4,
    // The search starts at the place `from_line`; if its line is gone, at the oldest one. On the alternate screen,
    // whose lines have no numbers, `from` and `from_col` count if ORCH_SEARCH_FROM_ROW is set, too.
    ORCH_SEARCH_FROM_LINE = 8,
};

// What to search and where. In every field but `pattern` 0 is the default.
typedef struct orch_search_options {
    // `sizeof(orch_search_options)`.
    size_t size;
    // Text or an expression, UTF-8, 1 to 16,384 bytes; with a flag 1 to 2,048, and no larger when compiled
    // than what takes about a millisecond.
    struct orch_bytes pattern;
    // Sum of ORCH_SEARCH_*. Without a flag that says where, the search starts at the oldest row.
    orch_search_flags flags;
    // With ORCH_SEARCH_FROM_ROW: the row to start at. 0 is the top of the screen, -1 the newest row of the
    // scrollback.
    int32_t from;
    // The most rows to look at. Each row of a line that wraps counts. A line that does not fit into what
    // is left is kept for the next call; one that is longer than all is looked at in parts of this size,
    // and a match over the end of a part is not found whole. Default 10,000.
    size_t rows_max;
    // The most matches to find. Default 1,000.
    size_t matches_max;
    // With ORCH_SEARCH_FROM_ROW: the column to start at.
    uint32_t from_col;
    // Must be 0.
    uint32_t reserved;
    // With ORCH_SEARCH_FROM_LINE: the place to start at.
    struct orch_line_position from_line;
} orch_search_options;
#define ORCH_SEARCH_OPTIONS_INIT \
    { sizeof(orch_search_options), { NULL, 0 }, 0, 0, 0, 0, 0, 0, { 0, 0 } }

// A match: from the first character's column up to, not including, the column after the last one's.
// Rows are counted as in `orch_search_options.from`.
typedef struct orch_match {
    // Row of the first character.
    int32_t start_row;
    // Column of the first character.
    uint32_t start_col;
    // Row of the last character: another one where a line wraps.
    int32_t end_row;
    // The column after the last character.
    uint32_t end_col;
    // The place of the first character in its line; ORCH_LINE_NONE on the alternate screen, and of another engine where
    // the match goes on in another line.
    struct orch_line_position start;
    // The place behind the last character.
    struct orch_line_position end;
} orch_match;

// What a search found.
typedef struct orch_matches {
    // `sizeof(orch_matches)`, set by the host.
    size_t size;
    // The matches in the order of the text; elements lie `match_stride` bytes apart.
    const struct orch_match *matches;
    // How many.
    size_t match_count;
    // Size of an element as this library has it.
    size_t match_stride;
    // 1 if the search was ended by one of its bounds: there is more to look at.
    uint32_t has_more;
    // The row to go on from then, for `orch_search_options.from`.
    int32_t next;
    // The column in that row, for `orch_search_options.from_col`. A host whose struct ends before it goes on in
    // the row after that: it loses the matches in the rest of the row, and gets none twice.
    uint32_t next_col;
    // Always 0.
    uint32_t reserved;
    // The same place in its line, for `orch_search_options.from_line`: right also when more output has come in between.
    // ORCH_LINE_NONE on the alternate screen.
    struct orch_line_position next_line;
} orch_matches;
#define ORCH_MATCHES_INIT \
    { sizeof(orch_matches), NULL, 0, 0, 0, 0, 0, 0, { 0, 0 } }

// Searches a screen and its scrollback. Rows that wrap into each other are one line, up to 1,000 rows or
// 64 KiB of text; a longer line is searched in pieces. Empty matches are left out.
// In the middle of a line, matches are those that begin at `from` or later. Set `out_matches->size` before;
// it is left as it is.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. It stops after about
// 100 ms with `has_more` set, somewhat later for expressions that are made to be slow. Search a long scrollback in
// slices, by `rows_max` and `from_line`; to cancel a search, do not ask for the next slice. The compiled pattern is kept
// for the next slice.
// Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID; the message says what is wrong with a pattern.
orch_status orch_terminal_search(struct orch_engine *engine,
                                 uint64_t terminal,
                                 const struct orch_search_options *search,
                                 struct orch_matches *out_matches);

// Replaces the colours of `orch_screen_options` with those of the window that shows the terminal, each
// ORCH_COLOR_RGB plus 0xRRGGBB or ORCH_COLOR_DEFAULT. They are reported to a program that queries a colour which it
// has not set itself. A program that has set mode 2031 also gets a report when the background changes between dark
// and light.
//
// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN.
orch_status orch_terminal_set_colors(struct orch_engine *engine,
                                     uint64_t terminal,
                                     orch_color foreground,
                                     orch_color background,
                                     orch_color cursor);

// What a screen reports.

// What changed on a screen, for a reader with ORCH_DELIVERY_SCREEN.
typedef struct orch_event_screen {
    // The reader.
    uint64_t reader;
    // What changed since its last update.
    const struct orch_screen_update *update;
} orch_event_screen;

// A snapshot of the screen, for a reader of bytes that starts with one, asked for one, or missed bytes.
typedef struct orch_event_snapshot {
    // The reader.
    uint64_t reader;
    // Offset of the next byte that the reader gets.
    uint64_t offset;
    // Control sequences that reset a terminal of the size `window` and make it show the same screen.
    const uint8_t *data;
    // How many bytes.
    size_t len;
    // Columns and rows of the screen.
    struct orch_size window;
    // The place of the first row of the snapshot.
    struct orch_line_position line;
} orch_event_snapshot;

// The host or a client cleared a screen.
typedef struct orch_event_cleared {
    // The reader.
    uint64_t reader;
    // Where the reader is in the output.
    uint64_t offset;
} orch_event_cleared;

// A program has set the title of its window.
typedef struct orch_event_title {
    // The title: UTF-8 without control characters, at most 4,096 bytes.
    struct orch_bytes title;
} orch_event_title;

// A program, usually a shell, has reported its working directory.
typedef struct orch_event_cwd {
    // An absolute path on the machine that the program runs on.
    struct orch_bytes path;
} orch_event_cwd;

// A program has rung the bell.
typedef struct orch_event_bell {
    // How often since the last such event.
    uint32_t count;
} orch_event_bell;

// A program wants the user to see a message.
typedef struct orch_event_notification {
    // Its title, UTF-8; may be empty.
    struct orch_bytes title;
    // The message, UTF-8.
    struct orch_bytes body;
} orch_event_notification;

// A program asks to set the clipboard.
typedef struct orch_event_clipboard {
    // The text: UTF-8, at most 48 KiB.
    struct orch_bytes text;
    // 1: the primary selection; 0: the clipboard.
    uint32_t is_primary;
    // Always 0.
    uint32_t reserved;
} orch_event_clipboard;

// A program reports progress.
typedef struct orch_event_progress {
    // The state of the work.
    orch_progress_state state;
    // How much is done, 0 to 100.
    uint32_t percent;
} orch_event_progress;

// A shell has started a command.
typedef struct orch_event_command_started {
    // The command line, UTF-8; empty if the shell did not report it.
    struct orch_bytes command;
} orch_event_command_started;

// A command of a shell has ended.
typedef struct orch_event_command_finished {
    // 1: the shell reported the exit code.
    uint32_t has_exit_code;
    // The exit code.
    int32_t exit_code;
    // Nanoseconds since the command started.
    uint64_t duration_ns;
} orch_event_command_finished;

// ---------------------------------------------------------------------------------------------------------
// Watches
//
// A watch keeps a tree of what is below its roots, equal to the disk, and reports what changes in it:
//
//     orch_bytes root = orch_str("/home/me/project");
//     orch_watch_options options = ORCH_WATCH_OPTIONS_INIT;
//     options.roots = &root;
//     options.root_count = 1;
//     uint64_t watch = 0;
//     orch_watch_add(engine, &options, &watch);
//
// ORCH_EVENT_WATCH_READY comes when the tree has been read for the first time. `orch_watch_get_changes` gives the
// whole tree for a cursor of zeroes, and what changed since for one that it has returned. ORCH_EVENT_WATCH_BATCH
// lists the changes themselves, in an order in which they can be applied to a copy of the tree. A host that needs to
// know that everything before a moment has been reported calls `orch_watch_sync`.
//
//     orch_file_cursor cursor = { 0, 0, 0 };                     // kept for the next time
//     orch_file_changes changes = ORCH_FILE_CHANGES_INIT;
//     do {
//         orch_watch_get_changes(engine, watch, &cursor, 0, &changes);
//         for (size_t i = 0; i < changes.entry_count; i++) {
//             const orch_file_entry *entry = (const orch_file_entry *)
//                 orch_element_at(changes.entries, changes.entry_stride, i);
//             put(entry->id, entry->path);
//         }
//     } while (changes.more);
//
// By default, names that `.gitignore` files exclude are left out, also outside of a repository, and `.git` is one entry;
// ORCH_WATCH_NO_GITIGNORE and ORCH_WATCH_GIT_DIR change that.
// ---------------------------------------------------------------------------------------------------------

// Flags of `orch_watch_options`.
typedef uint32_t orch_watch_flags;
enum {
    // `.gitignore` files and git's exclude lists are not applied.
    ORCH_WATCH_NO_GITIGNORE = 1,
    // Look into `.git` directories.
    ORCH_WATCH_GIT_DIR = 2,
    // Entries whose names begin with a dot are left out.
    ORCH_WATCH_NO_HIDDEN = 4,
    // Look into directories on other devices than their root.
    ORCH_WATCH_FOLLOW_DEVICES = 8,
    // Names are looked at at once; `window_ms` is ignored.
    ORCH_WATCH_NO_DEBOUNCE = 16,
    // Batches are never shortened; `summary_threshold` is ignored.
    ORCH_WATCH_NO_SUMMARIES = 32,
};

// What to watch and how. In every field but `roots` 0 is the default.
//
// Pointers are read during the call only.
typedef struct orch_watch_options {
    // `sizeof(orch_watch_options)`.
    size_t size;
    // Paths of directories or single files, at least one; none may lie in another one, nor lead to a directory
    // in it. Relative ones are relative to the working directory; a root that is a symbolic link is followed.
    const struct orch_bytes *roots;
    // Elements of `roots`.
    size_t root_count;
    // Globs of what to ignore, in the syntax of `.gitignore`, relative to the root. UTF-8.
    const struct orch_bytes *ignore;
    // Elements of `ignore`.
    size_t ignore_count;
    // How long a name has to be quiet before it is looked at, in milliseconds, 1 to 60,000. Default 50; for none
    // see ORCH_WATCH_NO_DEBOUNCE.
    uint32_t window_ms;
    // When a name that is never quiet is looked at, in milliseconds, at most 600,000; not below the
    // window. Default 500.
    uint32_t max_wait_ms;
    // Sum of ORCH_WATCH_NO_GITIGNORE and the like. Default 0.
    orch_watch_flags flags;
    // Kinds of events to report: sum of `1 << ORCH_FILE_EVENT_CREATE` and the like. 0: all.
    uint32_t kinds;
    // A batch with more events is shortened by summaries. What happens while a batch is unread counts together with
    // it. Default 100; for never
    // see ORCH_WATCH_NO_SUMMARIES.
    size_t summary_threshold;
    // Levels below a root to look into, 1 to 1,024. Default 1,024.
    size_t max_depth;
    // Entries to hold at most. Default: `watch_entries` of the engine.
    size_t entry_limit;
    // How often directories without a watch are looked at, in milliseconds, 10 to
    // 3,600,000. Default 1,000.
    uint32_t poll_interval_ms;
    // How long a batch waits at most while git changes files, in milliseconds, at most 60,000: while the index
    // of a root's repository is locked (`index.lock`), changes are collected, so that a checkout is reported
    // as a whole. A lock that is older does not count. 0, the default: batches do not wait.
    uint32_t git_wait_ms;
    // A number of the host's own; comes back in every event of the watch.
    uint64_t tag;
    // A tree that orch_watch_save has saved, or nothing: what changed while nobody watched is reported in
    // batches, and ORCH_EVENT_WATCH_READY comes after them. The roots have to be those of the saved watch; the
    // other options may differ, and what they hide or show now is deleted or created. Bytes that cannot be used
    // are no error: ORCH_WATCH_PROBLEM_SAVE_UNUSABLE warns of them. Copied.
    struct orch_bytes since;
} orch_watch_options;
#define ORCH_WATCH_OPTIONS_INIT \
    { sizeof(orch_watch_options), NULL, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { NULL, 0 } }

// Watches files: keeps a tree of what is below the roots and reports what changes in it. Reading the tree for the
// first time takes many turns; ORCH_EVENT_WATCH_READY comes when it is done. A watch uses one file descriptor, and
// the first one of an engine another one.
//
// Owner thread. Looks at the roots, and compiles the globs. Errors: ORCH_E_NOT_FOUND,
// ORCH_E_PERMISSION, ORCH_E_NOT_DIRECTORY; ORCH_E_LIMIT for the engine's limit and for the system's on
// inotify instances; ORCH_E_INVALID, also for a bad glob and for roots that lie in or lead into each other;
// ORCH_E_GONE while shutting down, ORCH_E_NO_FD, ORCH_E_SYSTEM.
orch_status orch_watch_add(struct orch_engine *engine,
                           const struct orch_watch_options *options,
                           uint64_t *out_watch);

// Ends a watch; its id is stale afterwards. Unread events of it are discarded.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
orch_status orch_watch_remove(struct orch_engine *engine, uint64_t watch);

// Requests ORCH_EVENT_WATCH_SYNCED with this `sync_tag`. It comes when everything that happened to the files before
// this call has been reported. Names that wait to be quiet are looked at at once. Nothing is written to the watched
// tree.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT when 1,024 such calls wait, ORCH_E_NO_FD.
orch_status orch_watch_sync(struct orch_engine *engine,
                            uint64_t watch,
                            uint64_t sync_tag);

// What an entry of a tree is.
typedef uint32_t orch_file_type;
enum {
    // A regular file.
    ORCH_FILE_TYPE_FILE = 1,
    // A directory.
    ORCH_FILE_TYPE_DIRECTORY = 2,
    // A symbolic link; what it leads to is not looked at.
    ORCH_FILE_TYPE_SYMLINK = 3,
    // A device, a fifo or a socket.
    ORCH_FILE_TYPE_OTHER = 4,
};

// Flags of files.
typedef uint32_t orch_file_flags;
enum {
    // A directory that is one entry: what is in it is not watched.
    ORCH_FILE_FLAG_IGNORED = 1,
    // Another file has taken the place of this one, or it has taken the place of another one.
    ORCH_FILE_FLAG_REPLACED = 2,
};

// A state of a watch's tree. Versions of different epochs do not compare.
typedef struct orch_file_version {
    // Chosen at random for each watch, below 2^53.
    uint64_t epoch;
    // Changes so far; grows with every batch that has events.
    uint64_t n;
} orch_file_version;

// How far a host has read the changes of a watch. All 0: nothing, so that it gets the whole tree. Its
// fields are the library's.
typedef struct orch_file_cursor {
    // The epoch that the rest belongs to.
    uint64_t epoch;
    // Where the reading began.
    uint64_t base;
    // Everything up to here has been read.
    uint64_t position;
} orch_file_cursor;

// An entry of a watch's tree.
typedef struct orch_file_entry {
    // Names it as long as it exists, renames included.
    uint64_t id;
    // The directory that it is in; 0 for a root.
    uint64_t parent;
    // Its absolute path, not necessarily UTF-8.
    struct orch_bytes path;
    // Bytes; 0 for a directory.
    uint64_t bytes;
    // Last change of the content in nanoseconds since 1970; 0 for a directory.
    int64_t modified_ns;
    // Number on its device.
    uint64_t inode;
    // One of ORCH_FILE_TYPE_FILE and the like.
    orch_file_type file_type;
    // ORCH_FILE_FLAG_IGNORED or 0.
    orch_file_flags flags;
    // Type and permission bits as in `st_mode`.
    uint32_t mode;
    // Always 0.
    uint32_t reserved;
} orch_file_entry;

// What changed since a cursor. To bring a copy up to date: if `full`, empty it; take out the removed ids;
// put in each entry under its id, in place of what it was. While `more` is 1 the copy is between two
// versions, and entries may have parents that come later. A directory that is renamed is reported alone: paths
// of what is in it follow from parents and names.
typedef struct orch_file_changes {
    // `sizeof(orch_file_changes)`, set by the host.
    size_t size;
    // The version that this leads to.
    struct orch_file_version version;
    // 1: the cursor was too old or of another epoch; this begins with an empty tree.
    uint32_t full;
    // 1: there is more to read at once.
    uint32_t more;
    // Ids of entries that are gone; the host may never have known some of them.
    const uint64_t *removed;
    // How many.
    size_t removed_count;
    // Entries that are new or different; they lie `entry_stride` bytes apart (`orch_element_at`).
    const struct orch_file_entry *entries;
    // How many.
    size_t entry_count;
    // Bytes from one to the next.
    size_t entry_stride;
} orch_file_changes;
#define ORCH_FILE_CHANGES_INIT \
    { sizeof(orch_file_changes), { 0, 0 }, 0, 0, NULL, 0, NULL, 0, 0 }

// What changed in a watch's tree since `cursor`, at most `max` changes (0: 4,096); the cursor moves behind
// them. A cursor of zeroes gets the whole tree; call again while `more` is 1, also over several turns.
// Costs what changed. Skip a later ORCH_EVENT_WATCH_BATCH whose `version.n` is not above `out_changes->version.n`: what
// it reports is already here. Set `out_changes->size` before; it is left as it is.
//
// Lent until the next query of a watch on this engine. Owner thread. Errors: ORCH_E_STALE_ID,
// ORCH_E_INVALID; the cursor is untouched then.
orch_status orch_watch_get_changes(struct orch_engine *engine,
                                   uint64_t watch,
                                   struct orch_file_cursor *cursor,
                                   size_t max,
                                   struct orch_file_changes *out_changes);

// What keeps a tree from being exact, or makes it slower.
typedef uint32_t orch_watch_problem;
enum {
    // None.
    ORCH_WATCH_PROBLEM_NONE = 0,
    // A directory cannot be read or searched (no permission), also one above a root; what was known of it stays.
    ORCH_WATCH_PROBLEM_UNREADABLE = 1,
    // The system has no inotify watch left (fs.inotify.max_user_watches); what has none is polled.
    ORCH_WATCH_PROBLEM_OUT_OF_WATCHES = 2,
    // There are as many entries as are allowed; some are left out.
    ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES = 3,
    // The kernel dropped events (fs.inotify.max_queued_events); everything is listed again.
    ORCH_WATCH_PROBLEM_EVENTS_LOST = 4,
    // A root is gone. It is found again when it comes back.
    ORCH_WATCH_PROBLEM_ROOT_GONE = 5,
    // The system refused to open or list a directory; it is tried again.
    ORCH_WATCH_PROBLEM_REFUSED = 6,
    // There are more ignore rules than are read; the rest of their file is ignored.
    ORCH_WATCH_PROBLEM_TOO_MANY_RULES = 7,
    // A directory is in two roots at once, by a symbolic link or a bind mount; its content is in the other one.
    ORCH_WATCH_PROBLEM_ROOTS_OVERLAP = 8,
    // The saved tree in `since` of orch_watch_options is damaged, of another format version, of other
    // roots, or too large: the watch starts from scratch. Comes as a warning only; `save_problem` of the state says which.
    ORCH_WATCH_PROBLEM_SAVE_UNUSABLE = 9,
    // All memory of the engine is used up (`memory_bytes_total` of orch_config); entries are left out until there is some.
    ORCH_WATCH_PROBLEM_OUT_OF_MEMORY = 10,
};

// Why a saved tree could not be used.
typedef uint32_t orch_save_problem;
enum {
    // No problem.
    ORCH_SAVE_PROBLEM_NONE = 0,
    // It is damaged or incomplete.
    ORCH_SAVE_PROBLEM_DAMAGED = 1,
    // It was saved in another format version.
    ORCH_SAVE_PROBLEM_OTHER_VERSION = 2,
    // It is of other roots.
    ORCH_SAVE_PROBLEM_OTHER_ROOTS = 3,
    // It has more entries than the watch may hold.
    ORCH_SAVE_PROBLEM_TOO_MANY_ENTRIES = 4,
};

// Flags of `orch_watch_state`.
typedef uint32_t orch_watch_state_flags;
enum {
    // The tree has been read for the first time.
    ORCH_WATCH_IS_READY = 1,
    // Nothing waits to be listed: the tree equals the disk as far as events are known.
    ORCH_WATCH_IS_COMPLETE = 2,
    // Everything is watched and nothing is left out.
    ORCH_WATCH_IS_HEALTHY = 4,
};

// What is known of a watch.
typedef struct orch_watch_state {
    // `sizeof(orch_watch_state)`, set by the host.
    size_t size;
    // The tag that the host gave it.
    uint64_t tag;
    // The state of the tree.
    struct orch_file_version version;
    // The absolute paths of its roots.
    const struct orch_bytes *roots;
    // How many.
    size_t root_count;
    // Sum of ORCH_WATCH_IS_*.
    orch_watch_state_flags flags;
    // The gravest problem at the moment, one of ORCH_WATCH_PROBLEM_*.
    orch_watch_problem problem;
    // Entries of the tree.
    size_t entries;
    // Directories among them.
    size_t directories;
    // Inotify watches in use for what is in the tree.
    size_t kernel_watches;
    // Directories that are polled for want of a watch.
    size_t polled_directories;
    // Directories that cannot be read (no permission).
    size_t unreadable_directories;
    // Directories that wait to be listed.
    size_t waiting_directories;
    // Names that wait to be looked at.
    size_t dirty_names;
    // Events that came from the kernel.
    uint64_t kernel_events;
    // Events that were published.
    uint64_t events;
    // Batches that were published.
    uint64_t batches;
    // How often the kernel dropped events.
    uint64_t overflows;
    // Inotify watches in use for the directories and symbolic links that the paths of the roots lead through.
    size_t path_watches;
    // Why the saved tree that the watch was to begin with is of no use, one of ORCH_SAVE_PROBLEM_*.
    orch_save_problem save_problem;
} orch_watch_state;
#define ORCH_WATCH_STATE_INIT \
    { sizeof(orch_watch_state), 0, { 0, 0 }, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// Everything that is known about a watch now. Set `out_state->size` before; it is left as it is.
//
// The roots are lent until the next question about a watch on this engine. Owner thread. Errors:
// ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_watch_get_state(struct orch_engine *engine,
                                 uint64_t watch,
                                 struct orch_watch_state *out_state);

// How far a watch's tree has been saved. All 0: nothing. Its fields are the library's.
typedef struct orch_save_cursor {
    // The epoch that the rest belongs to.
    uint64_t epoch;
    // Where the reading began.
    uint64_t base;
    // Everything up to here has been saved.
    uint64_t position;
    // Of the bytes so far.
    uint64_t checksum;
    // 0 before the first part, 1 after it, 2 after the last one.
    uint64_t phase;
} orch_save_cursor;

// Saves a part of a watch's tree, at most `max` changes (0: 4,096; some 60 bytes each): `out_bytes` are the bytes
// of this part, to be written behind those of the part before. Call it again with the same cursor, all 0 at
// first, while `out_more` is 1, also over several turns; what changes meanwhile is in a later part. When it is
// 0 the bytes are whole: `since` of orch_watch_options takes them. Batches that are unread are contained in them,
// so read those first. The form is described in docs/SAVED.md.
//
// Lent until the next question about a watch on this engine. Owner thread. Errors: ORCH_E_STALE_ID;
// ORCH_E_INVALID before the watch is ready, and for a cursor that was begun with another watch. The outputs
// and the cursor are untouched then.
orch_status orch_watch_save(struct orch_engine *engine,
                            uint64_t watch,
                            struct orch_save_cursor *cursor,
                            size_t max,
                            struct orch_bytes *out_bytes,
                            uint32_t *out_more);

// Reports what became of writing the bytes of `orch_watch_save` to where they are kept, which only the host knows.
// `os_error`: 0, or the error number (errno). After a failure the watch is degraded (ORCH_REASON_SAVE_FAILED,
// ORCH_REASON_DISK_FULL) until a success is reported.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID below 0.
orch_status orch_watch_report_save(struct orch_engine *engine,
                                   uint64_t watch,
                                   int32_t os_error);

// What a watch reports.

// A watch has read its tree for the first time.
typedef struct orch_event_watch_ready {
    // The version of the tree.
    struct orch_file_version version;
} orch_event_watch_ready;

// What happened to a file.
typedef uint32_t orch_file_event_kind;
enum {
    // The entry is new.
    ORCH_FILE_EVENT_CREATE = 1,
    // Its content is different; with ORCH_FILE_FLAG_REPLACED it is another file under the same name,
    // as atomic saves leave it.
    ORCH_FILE_EVENT_MODIFY = 2,
    // Only its attributes are different: permissions, owner, number of links.
    ORCH_FILE_EVENT_METADATA = 3,
    // It was opened for writing and closed, and looks as before.
    ORCH_FILE_EVENT_TOUCH = 4,
    // It is gone. What was in a directory is deleted before it.
    ORCH_FILE_EVENT_DELETE = 5,
    // It was at `from` before, and what is in it moved along; with ORCH_FILE_FLAG_REPLACED it took the
    // place of a file.
    ORCH_FILE_EVENT_RENAME = 6,
};

// One change of a file.
typedef struct orch_file_event {
    // One of ORCH_FILE_EVENT_CREATE and the like.
    orch_file_event_kind kind;
    // What it is, or was: one of ORCH_FILE_TYPE_FILE and the like.
    orch_file_type file_type;
    // Sum of ORCH_FILE_FLAG_IGNORED and ORCH_FILE_FLAG_REPLACED.
    orch_file_flags flags;
    // Always 0.
    uint32_t reserved;
    // Which entry of the tree.
    uint64_t id;
    // The absolute path, not necessarily UTF-8; after a rename the new one.
    struct orch_bytes path;
    // ORCH_FILE_EVENT_RENAME: the path before.
    struct orch_bytes from;
} orch_file_event;

// Changes in one directory that are not listed, counted. An event is counted in the directory in which its
// entry is after the batch, or in which it was deleted. A summary without any count names a directory that
// entries were renamed out of; the renames are counted where they lead.
typedef struct orch_file_summary {
    // The absolute path of the directory, after the batch.
    struct orch_bytes dir;
    // Entries that are new.
    size_t created;
    // Entries that were modified or touched, or have other attributes.
    size_t modified;
    // Entries that are gone.
    size_t deleted;
    // Entries that were renamed to here.
    size_t renamed;
    // 1: directories below it are counted in.
    uint32_t recursive;
    // Always 0.
    uint32_t reserved;
} orch_file_summary;

// What changed in one flush. Applying the events in their order to a copy of the tree as it was after the
// batch before always works.
//
// With summaries, the events that are left can still be applied in their order, where a deletion of a
// directory takes along what is in it; wherever the result differs from the tree, a summary names the
// directory. `event_count` and the counts of all summaries together are `original_events`.
// `orch_watch_get_changes` gives the exact difference.
typedef struct orch_event_watch_batch {
    // The version of the tree after the batch.
    struct orch_file_version version;
    // 1: the tree equals the disk as far as events are known; 0: directories are still being listed, and
    // more batches follow.
    uint32_t complete;
    // Always 0.
    uint32_t reserved;
    // The changes; elements lie `event_stride` bytes apart (`orch_element_at`).
    const struct orch_file_event *events;
    // How many.
    size_t event_count;
    // Bytes from one to the next.
    size_t event_stride;
    // What was counted instead of listed; elements lie `summary_stride` bytes apart
    // (`orch_element_at`).
    const struct orch_file_summary *summaries;
    // How many.
    size_t summary_count;
    // Bytes from one to the next.
    size_t summary_stride;
    // How many events there were before some were counted in summaries.
    size_t original_events;
    // How many names came and went again before anybody looked.
    uint64_t vanished;
} orch_event_watch_batch;

// Everything that happened to the files before a call of `orch_watch_sync` has been reported.
typedef struct orch_event_watch_synced {
    // The version of the tree.
    struct orch_file_version version;
    // The `sync_tag` of the call.
    uint64_t sync_tag;
} orch_event_watch_synced;

// A part of a tree is not exact, or slower than it could be.
typedef struct orch_event_watch_warning {
    // What is wrong.
    orch_watch_problem problem;
    // Always 0.
    uint32_t reserved;
    // Where.
    struct orch_bytes path;
} orch_event_watch_warning;

// ---------------------------------------------------------------------------------------------------------
// State
//
// The engine keeps an application state, one value with a version: sessions and panes, which the host and clients
// write, and what is known about terminals and published files. A change set is committed whole or not at all:
//
//     orch_session session = ORCH_SESSION_INIT;
//     session.id = orch_str("main");
//     orch_state_op op = ORCH_STATE_OP_INIT;
//     op.kind = ORCH_STATE_OP_SET_SESSION;
//     op.session = &session;
//     orch_state_change(engine, &op, 1, sizeof op, NULL, NULL);
//
// An operation may name the version of the entry that it was built on; it is rejected with ORCH_E_CONFLICT if the
// entry is at another one. `orch_state_get_changes` gives everything for a cursor of zeroes, and what changed since
// for one that it has returned, at the cost of what changed.
// ---------------------------------------------------------------------------------------------------------

// Collections of the state, a sum.
typedef uint32_t orch_collections;
enum {
    // Sessions, by an id that their maker chose.
    ORCH_COLLECTION_SESSIONS = 1,
    // Panes, by an id that their maker chose.
    ORCH_COLLECTION_PANES = 2,
    // The metadata of terminals.
    ORCH_COLLECTION_TERMINALS = 4,
    // The metadata of files in published watches (`orch_watch_set_published`).
    ORCH_COLLECTION_FILES = 8,
    // All collections.
    ORCH_COLLECTION_ALL = 15,
};

// A piece of the host's own metadata of a session or a pane. Both texts are UTF-8.
typedef struct orch_key_value {
    // 1 to 64 bytes. An entry has each key once.
    struct orch_bytes key;
    // At most 4 KiB.
    struct orch_bytes value;
} orch_key_value;

// A session: an ordered group of panes.
//
// The host fills one to set it (ORCH_STATE_OP_SET_SESSION). The library lends those that are there.
typedef struct orch_session {
    // `sizeof(orch_session)`. In one that the library lends: its size in the library. A host that knows more
    // fields does not read those behind it.
    size_t size;
    // The id, chosen by the maker of the session: 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`.
    struct orch_bytes id;
    // The `n` of its last change. Ignored when a host sets the session.
    uint64_t version;
    // The name for people; UTF-8, at most 1 KiB.
    struct orch_bytes name;
    // The ids of its panes in order. When a host sets the session, panes that are missing here follow at the
    // end, in their old order.
    const struct orch_bytes *panes;
    // Elements of `panes`.
    size_t pane_count;
    // Metadata of the host's own: at most 32 pairs and 16 KiB. The library lends it in the order of the keys.
    const struct orch_key_value *metadata;
    // Elements of `metadata`.
    size_t metadata_count;
} orch_session;
#define ORCH_SESSION_INIT \
    { sizeof(orch_session), { NULL, 0 }, 0, { NULL, 0 }, NULL, 0, NULL, 0 }

// What a pane shows.
typedef uint32_t orch_pane_content;
enum {
    // Nothing. A pane whose terminal is gone becomes empty.
    ORCH_PANE_EMPTY = 0,
    // The terminal `terminal`.
    ORCH_PANE_TERMINAL = 1,
    // The file at the absolute path `data`, at most 4,096 bytes. The file need not exist.
    ORCH_PANE_FILE = 2,
    // Something of the host's, `data`: UTF-8, at most 256 bytes.
    ORCH_PANE_CUSTOM = 3,
};

// A pane: a place in a session that shows something.
//
// The host fills one to set it (ORCH_STATE_OP_SET_PANE). The library lends those that are there.
typedef struct orch_pane {
    // `sizeof(orch_pane)`, as in `orch_session`.
    size_t size;
    // The id, made like that of a session.
    struct orch_bytes id;
    // The `n` of its last change. Ignored when a host sets the pane.
    uint64_t version;
    // The id of its session, which must exist.
    struct orch_bytes session;
    // The title for people; UTF-8, at most 1 KiB.
    struct orch_bytes title;
    // What it shows, one of ORCH_PANE_*.
    orch_pane_content content;
    // Must be 0.
    uint32_t reserved;
    // ORCH_PANE_TERMINAL: the terminal, which must exist. Otherwise 0.
    uint64_t terminal;
    // ORCH_PANE_FILE: the path. ORCH_PANE_CUSTOM: the content. Otherwise no bytes.
    struct orch_bytes data;
    // As in `orch_session`.
    const struct orch_key_value *metadata;
    // Elements of `metadata`.
    size_t metadata_count;
} orch_pane;
#define ORCH_PANE_INIT \
    { sizeof(orch_pane), { NULL, 0 }, 0, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, { NULL, 0 }, NULL, 0 }

// The metadata of a terminal in the state. `orch_terminal_get_state` asks the system and has more.
typedef struct orch_state_terminal {
    // Its size in the library; see `orch_session.size`.
    size_t size;
    // The terminal.
    uint64_t terminal;
    // The `n` of its last change.
    uint64_t version;
    // The title that its program has set, UTF-8.
    struct orch_bytes title;
    // The working directory that the program reports. Without a report, and once the engine listens for clients:
    // that of the program in the foreground. `data` is NULL if it is not known.
    struct orch_bytes cwd;
    // Columns.
    uint16_t cols;
    // Rows.
    uint16_t rows;
    // Sum of ORCH_TERMINAL_RUNNING, ORCH_TERMINAL_CLOSING, ORCH_TERMINAL_HAS_SCREEN, ORCH_TERMINAL_HAS_EXIT_CODE and
    // ORCH_TERMINAL_HIDDEN_INPUT.
    orch_terminal_flags flags;
    // The process of its program; 0 if not known.
    int32_t pid;
    // How the program ended, one of ORCH_EXIT_*; 0 while it runs.
    orch_exit_kind exit_kind;
    // The exit code or the signal.
    int32_t exit_value;
    // Always 0.
    uint32_t reserved;
    // The name of the program in the foreground, at most 15 bytes, once the engine listens for clients; none if not
    // known. It is looked up, as `cwd` and ORCH_TERMINAL_HIDDEN_INPUT are, when the terminal has been quiet for 50 ms
    // after output or input, at most twice a second.
    struct orch_bytes program;
    // Exit code of the last command; see ORCH_TERMINAL_HAS_EXIT_CODE.
    int32_t last_exit_code;
    // Who decides the size, one of ORCH_SIZE_POLICY_*.
    orch_size_policy size_policy;
} orch_state_terminal;

// The metadata of a file or a directory of a published watch.
typedef struct orch_state_file {
    // Its size in the library; see `orch_session.size`.
    size_t size;
    // The watch.
    uint64_t watch;
    // The file's id in the watch, as in `orch_file_entry`.
    uint64_t id;
    // The `n` of its last change.
    uint64_t version;
    // The id of the directory that it is in; 0 for a root.
    uint64_t parent;
    // Its name in that directory; for a root its absolute path. Not necessarily UTF-8.
    struct orch_bytes name;
    // Its size in bytes; 0 for a directory.
    uint64_t bytes;
    // The time of the last change of its content, in microseconds since 1970; 0 for a directory.
    int64_t modified_us;
    // One of ORCH_FILE_TYPE_FILE and the like.
    orch_file_type file_type;
    // ORCH_FILE_FLAG_IGNORED or 0.
    orch_file_flags flags;
    // Type and permission bits as in `st_mode`.
    uint32_t mode;
    // Always 0.
    uint32_t reserved;
} orch_state_file;

// What an operation of a change set does.
typedef uint32_t orch_state_op_kind;
enum {
    // Sets `session`: adds it, or replaces the one with its id.
    ORCH_STATE_OP_SET_SESSION = 1,
    // Removes the session `id` with all its panes. Nothing happens if there is none.
    ORCH_STATE_OP_REMOVE_SESSION = 2,
    // Sets `pane`: adds it, or replaces the one with its id. It leaves the session that it was in. It goes to the
    // end of its session's list, unless that list has it already.
    ORCH_STATE_OP_SET_PANE = 3,
    // Removes the pane `id`, also from its session's list. Nothing happens if there is none.
    ORCH_STATE_OP_REMOVE_PANE = 4,
};

// Flags of `orch_state_op`.
typedef uint32_t orch_state_op_flags;
enum {
    // `base` counts.
    ORCH_STATE_OP_HAS_BASE = 1,
};

// One operation of a change set. Set fields that its kind does not name to 0.
typedef struct orch_state_op {
    // One of ORCH_STATE_OP_SET_SESSION, ORCH_STATE_OP_REMOVE_SESSION, ORCH_STATE_OP_SET_PANE and
    // ORCH_STATE_OP_REMOVE_PANE.
    orch_state_op_kind kind;
    // ORCH_STATE_OP_HAS_BASE or 0.
    orch_state_op_flags flags;
    // With ORCH_STATE_OP_HAS_BASE: the `version` of the entry that the operation was built on, or 0 if there was
    // no entry. If the entry has another version when the change set comes, the set is refused with
    // ORCH_E_CONFLICT. Without the flag it must be 0, and the operation is done whatever is there.
    uint64_t base;
    // The id of the session or the pane. No bytes with ORCH_STATE_OP_SET_SESSION and ORCH_STATE_OP_SET_PANE: the
    // id in `session` or `pane`.
    struct orch_bytes id;
    // ORCH_STATE_OP_SET_SESSION: the session.
    const struct orch_session *session;
    // ORCH_STATE_OP_SET_PANE: the pane.
    const struct orch_pane *pane;
} orch_state_op;
#define ORCH_STATE_OP_INIT \
    { 0, 0, 0, { NULL, 0 }, NULL, NULL }

// A version of the application state. Only versions of the same epoch can be compared.
typedef struct orch_state_version {
    // A random number below 2^53, one for each engine.
    uint64_t epoch;
    // The number of changes so far. The `version` of an entry is the `n` of its last change.
    uint64_t n;
} orch_state_version;

// The operation that a change set was refused for.
typedef struct orch_state_refusal {
    // `sizeof(orch_state_refusal)`, set by the host.
    size_t size;
    // The index of the operation; the first one is 0.
    size_t index;
    // ORCH_E_CONFLICT: the version of the entry; 0 if there is none.
    uint64_t version;
    // ORCH_E_CONFLICT: the collection of the entry, ORCH_COLLECTION_SESSIONS or ORCH_COLLECTION_PANES.
    orch_collections collection;
    // Always 0.
    uint32_t reserved;
} orch_state_refusal;
#define ORCH_STATE_REFUSAL_INIT \
    { sizeof(orch_state_refusal), 0, 0, 0, 0 }

// Changes sessions and panes: `count` operations in order, all of them as one version, or none of them. `ops` is an
// array whose elements lie `stride` bytes apart (`sizeof(orch_state_op)`). After the last operation, the sessions
// and terminals that panes name must exist. Clients of the server get the change like any other.
//
// The array and everything in it is read during the call. It may point to what a query has lent: get a session,
// change a field, and set it with its own `version` as the base.
//
// `out_version` (may be NULL) gets the version that the change made, or the current one if the change made no
// difference. `out_refusal` (may be NULL; set its `size` first) is filled when one operation makes the call fail:
// always with ORCH_E_CONFLICT, and with ORCH_E_INVALID if an operation is not valid.
//
// Owner thread. Does not block. Errors: ORCH_E_CONFLICT if an entry is not at the base of an operation,
// ORCH_E_INVALID (the message names the operation), ORCH_E_LIMIT. After an error nothing has changed.
orch_status orch_state_change(struct orch_engine *engine,
                              const struct orch_state_op *ops,
                              size_t count,
                              size_t stride,
                              struct orch_state_version *out_version,
                              struct orch_state_refusal *out_refusal);

// The version of a state: of the engine's own with `peer` 0, else of the copy that the engine keeps of that peer's
// state. ORCH_DONE, and nothing is written, while a copy has no version: before the state has come for the first
// time, and while it comes anew.
//
// A copy changes in turns. Between two ORCH_EVENT_PEER_STATE events it may be between two versions: a pane may name a
// session that comes later.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID.
orch_status orch_state_get_version(struct orch_engine *engine,
                                   uint64_t peer,
                                   struct orch_state_version *out_version);

// The hash of some collections (a sum of ORCH_COLLECTION_*) of a state; `peer` is as in `orch_state_get_version`.
// Two states with the same hash have the same entries, but for one chance in 2^64. docs/PROTOCOL.md says how a
// client computes it. The engine compares the hash of a copy with the peer's by itself, and asks for the state anew
// if they differ.
//
// Owner thread. Takes constant time. Errors: ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID.
orch_status orch_state_get_hash(struct orch_engine *engine,
                                uint64_t peer,
                                orch_collections collections,
                                uint64_t *out_hash);

// Names an entry of the state. Set fields that its collection does not name to 0.
typedef struct orch_state_key {
    // One of ORCH_COLLECTION_*.
    orch_collections collection;
    // Must be 0.
    uint32_t reserved;
    // ORCH_COLLECTION_SESSIONS, ORCH_COLLECTION_PANES: the id.
    struct orch_bytes text;
    // ORCH_COLLECTION_TERMINALS: the terminal. ORCH_COLLECTION_FILES: the file's id in its watch.
    uint64_t id;
    // ORCH_COLLECTION_FILES: the watch.
    uint64_t watch;
} orch_state_key;
#define ORCH_STATE_KEY_INIT \
    { 0, 0, { NULL, 0 }, 0, 0 }

// One entry of the state: the pointer that belongs to `collection` is set, the other ones are NULL.
typedef struct orch_state_entry {
    // `sizeof(orch_state_entry)`, set by the host.
    size_t size;
    // One of ORCH_COLLECTION_*.
    orch_collections collection;
    // Always 0.
    uint32_t reserved;
    // ORCH_COLLECTION_SESSIONS: the session.
    const struct orch_session *session;
    // ORCH_COLLECTION_PANES: the pane.
    const struct orch_pane *pane;
    // ORCH_COLLECTION_TERMINALS: the terminal.
    const struct orch_state_terminal *terminal;
    // ORCH_COLLECTION_FILES: the file.
    const struct orch_state_file *file;
} orch_state_entry;
#define ORCH_STATE_ENTRY_INIT \
    { sizeof(orch_state_entry), 0, 0, NULL, NULL, NULL, NULL }

// The entry with this key in a state; `peer` is as in `orch_state_get_version`. Set `out_entry->size` first.
//
// The entry is lent: it stays as it is until the next `orch_state_get_entry` or `orch_state_get_changes` on this
// engine that succeeds. The loans of the own state and of all copies together are apart: a call about one does not
// end the loan of the other.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID if there is no such entry or no such peer, ORCH_E_INVALID.
orch_status orch_state_get_entry(struct orch_engine *engine,
                                 uint64_t peer,
                                 const struct orch_state_key *key,
                                 struct orch_state_entry *out_entry);

// How far a host has read a state with `orch_state_get_changes`. All zeroes: nothing, so that the next read begins
// with everything. A cursor may be copied. For the engine's own state, a cursor with only `epoch` and `n` set
// stands for a host that has that version.
typedef struct orch_state_cursor {
    // The epoch of the version that the host has.
    uint64_t epoch;
    // The `n` of the version that the host has.
    uint64_t n;
    // Where the read goes on. Only the library writes it.
    uint64_t rest[8];
} orch_state_cursor;

// The changes of a state since a cursor. To update a copy: empty it if `full` is 1, take out the removed keys, then
// put each entry in place of the one with its key. While `more` is 1 the copy is between two versions: a pane may
// name a session that comes later.
typedef struct orch_state_changes {
    // `sizeof(orch_state_changes)`, set by the host.
    size_t size;
    // The version of the copy. With `more` 0 the copy is the state of this version.
    struct orch_state_version version;
    // 1: this begins with an empty copy, because the cursor was all zeroes, too old or of another epoch.
    uint32_t full;
    // 1: there is more to read now.
    uint32_t more;
    // Keys of entries that are gone. The host may never have had some of them. Elements lie
    // `removed_stride` bytes apart (`orch_element_at`).
    const struct orch_state_key *removed;
    // Elements of `removed`.
    size_t removed_count;
    // Bytes from one element to the next.
    size_t removed_stride;
    // Sessions that are new or have changed (`orch_element_at`).
    const struct orch_session *sessions;
    // Elements of `sessions`.
    size_t session_count;
    // Bytes from one element to the next.
    size_t session_stride;
    // Panes that are new or have changed (`orch_element_at`).
    const struct orch_pane *panes;
    // Elements of `panes`.
    size_t pane_count;
    // Bytes from one element to the next.
    size_t pane_stride;
    // Terminals that are new or have changed (`orch_element_at`).
    const struct orch_state_terminal *terminals;
    // Elements of `terminals`.
    size_t terminal_count;
    // Bytes from one element to the next.
    size_t terminal_stride;
    // Files that are new or have changed (`orch_element_at`).
    const struct orch_state_file *files;
    // Elements of `files`.
    size_t file_count;
    // Bytes from one element to the next.
    size_t file_stride;
} orch_state_changes;
#define ORCH_STATE_CHANGES_INIT \
    { sizeof(orch_state_changes), { 0, 0 }, 0, 0, NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, \
     NULL, 0, 0 }

// The changes of some collections (a sum of ORCH_COLLECTION_*) of a state since `cursor`; `peer` is as in
// `orch_state_get_version`. Gives at most `max` changes (0: 4,096) and about 1 MiB, and moves the cursor behind
// them. With a cursor of zeroes it begins with everything. Call again while `more` is 1; turns may come in between.
// A cursor is for one state and one set of collections; with others it begins anew. Set `out_changes->size` first.
//
// For the engine's own state this costs as much as has changed.
//
// For the copy of a peer's state it is a walk through all entries. It gives no removed keys and no differences, and
// ends when each entry has come. Entries that stay come once, as they are at that moment; entries that come or go
// during the walk may come or not. If `version` is the same in all slices, they are that version. If the state came
// anew during the walk, the walk begins anew too, with `full` 1 again. `version` is 0 while the copy has none.
//
// The changes are lent as the entry of `orch_state_get_entry` is. Owner thread. Does not block. Errors:
// ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID. After an error the cursor is as it was.
orch_status orch_state_get_changes(struct orch_engine *engine,
                                   uint64_t peer,
                                   struct orch_state_cursor *cursor,
                                   orch_collections collections,
                                   size_t max,
                                   struct orch_state_changes *out_changes);

// Makes the files of a watch part of the state (`publish` 1) or takes them out again (0). A large tree takes several
// turns; until then the state has a part of it. The state follows the tree as the host reads the watch's batches.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_watch_set_published(struct orch_engine *engine,
                                     uint64_t watch,
                                     uint32_t publish);

// A change set of a client that waits for `orch_review_answer`.
typedef struct orch_event_review {
    // The review, for `orch_review_answer`.
    uint64_t review;
    // The client that made the change set.
    uint64_t client;
    // The operations; elements lie `op_stride` bytes apart (`orch_element_at`). Each has its `id`. They were valid
    // when the client sent them.
    const struct orch_state_op *ops;
    // Elements of `ops`.
    size_t op_count;
    // Bytes from one element to the next.
    size_t op_stride;
} orch_event_review;

// Answers a change set of a client that waits for review (ORCH_EVENT_REVIEW). With `accept` 1 the change set is
// made, if it is still valid, and `reason` is no bytes. With 0 it is refused, and the client gets the `reason`:
// UTF-8, at most 1,024 bytes.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID if no such review waits, ORCH_E_INVALID.
orch_status orch_review_answer(struct orch_engine *engine,
                               uint64_t review,
                               uint32_t accept,
                               struct orch_bytes reason);

// ---------------------------------------------------------------------------------------------------------
// Serving
//
// A listener lets other programs connect over WebSockets (docs/PROTOCOL.md). They mirror the state and use terminals
// as far as the scopes of their tokens allow. They start only the programs of profiles, and see only directories that
// the host has granted:
//
//     orch_listener_options options = ORCH_LISTENER_OPTIONS_INIT;
//     options.address = orch_str("127.0.0.1:0");
//     uint64_t listener = 0;
//     orch_listener_add(engine, &options, &listener);
//
//     orch_token_options token = ORCH_TOKEN_OPTIONS_INIT;
//     token.scopes = ORCH_SCOPE_ALL;
//     char text[ORCH_TOKEN_BYTES];                               // not terminated
//     uint64_t id = 0;
//     orch_token_add(engine, &token, text, &id);
//
// Turns serve the clients. Events report nothing of it but changes that wait for the host's review
// (ORCH_EVENT_REVIEW), if the configuration asks for that.
// ---------------------------------------------------------------------------------------------------------

// Something that a listener serves to browsers.
typedef struct orch_resource {
    // Its path: begins with a slash, without escapes. "/index.html" is also "/". UTF-8.
    struct orch_bytes path;
    // Its media type, such as "text/css". No bytes (the default): chosen by the end of the path.
    struct orch_bytes media_type;
    // The bytes, which are copied.
    struct orch_bytes content;
} orch_resource;

// What a listener reports over HTTP.
typedef uint32_t orch_reports;
enum {
    // The figures of the engine at "/metrics", as text for Prometheus, to whoever shows a token with ORCH_SCOPE_OBSERVE
    // (`Authorization: Bearer TOKEN`). See docs/METRICS.md.
    ORCH_REPORT_METRICS = 1,
    // Reports and resources alone: no client may connect.
    ORCH_REPORT_ONLY = 2,
    // The health of the engine at "/healthz"; see docs/HEALTH.md.
    ORCH_REPORT_HEALTH = 4,
};

// An address to listen on, or a socket that listens. All zeroes but `size` and one of these are the defaults.
//
// Every connection needs a token (`orch_token_add`), also over a Unix socket. Over TCP the `Host` header of a request
// must be a name of the listener: `127.0.0.1`, `localhost` or `[::1]` with the port, or one of `hosts`. A page in a
// browser may connect only if its origin is one of `origins`. Pointers are read during the call only.
//
// A listener with `resources` or a `resource_directory` serves them over HTTP to whoever may reach it, without a token;
// the WebSocket stays at "/". Its own pages may connect: their origin is "http://" and the `Host` of the request.
typedef struct orch_listener_options {
    // `sizeof(orch_listener_options)`.
    size_t size;
    // An IP address with a port, such as "127.0.0.1:0" or "[::1]:8000"; with port 0 the system chooses a free port.
    // Or the absolute path of a Unix socket. Its directory must belong to this user alone (mode 0700); it is made if
    // it does not exist.
    struct orch_bytes address;
    // More names for the `Host` header, each with its port ("name:port"). UTF-8.
    const struct orch_bytes *hosts;
    // Elements of `hosts`.
    size_t host_count;
    // Origins whose pages may connect ("https://name:port"). UTF-8.
    const struct orch_bytes *origins;
    // Elements of `origins`.
    size_t origin_count;
    // 1: the address may be other than loopback. Connections are not encrypted, so the token can be read on the
    // network. 0 (the default): only loopback.
    uint32_t allow_remote;
    // Must be 0.
    uint32_t reserved;
    // Pages and what belongs to them; elements lie `resource_stride` bytes apart. Of two with the same path the later
    // one counts.
    const struct orch_resource *resources;
    // Elements of `resources`.
    size_t resource_count;
    // `sizeof(orch_resource)`.
    size_t resource_stride;
    // For development: the absolute path of a directory whose files are served at "/", instead of `resources` of the
    // same paths. Each request reads its file in a turn. No bytes (the default): none.
    struct orch_bytes resource_directory;
    // 1: `fd` is a socket that listens already, as a supervisor passes it on, and `address` has no bytes. 0 (the
    // default): `fd` is not looked at.
    uint32_t adopts_fd;
    // A TCP socket or a Unix socket with a path. The engine uses a copy; the descriptor stays yours, and you may close
    // it after the call. It becomes non-blocking. Over a Unix socket still only processes of this user may connect, but
    // its directory is not looked at, and the path is not removed at the end.
    int32_t fd;
    // What is reported over HTTP: ORCH_REPORT_*, combined. 0 (the default): nothing.
    orch_reports reports;
    // Must be 0.
    uint32_t reserved_reports;
} orch_listener_options;
#define ORCH_LISTENER_OPTIONS_INIT \
    { sizeof(orch_listener_options), { NULL, 0 }, NULL, 0, NULL, 0, 0, 0, NULL, 0, 0, { NULL, 0 }, \
     0, 0, 0, 0 }

// Listens for clients, which connect over WebSockets, mirror the state and use terminals, as far as their tokens
// allow. `out_listener` gets the id of the listener.
//
// Owner thread. Does not block; with a `resource_directory` it looks at that. Errors: ORCH_E_INVALID (an address that is
// not loopback; a malformed address, host, origin or resource; an `fd` that does not listen), ORCH_E_NOT_FOUND or
// ORCH_E_NOT_DIRECTORY (the resource directory), ORCH_E_PERMISSION (a port below 1024; a directory that is not the
// user's alone), ORCH_E_LIMIT, ORCH_E_NO_FD, ORCH_E_SYSTEM (the address is in use), ORCH_E_GONE during a shutdown.
orch_status orch_listener_add(struct orch_engine *engine,
                              const struct orch_listener_options *options,
                              uint64_t *out_listener);

// The address of a listener, in the form of `orch_listener_options.address`, with the port that the system chose.
// Writes at most `capacity` bytes to `out_address`, without a terminator, and the length of the address to `out_len`.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_SYSTEM.
orch_status orch_listener_get_address(struct orch_engine *engine,
                                      uint64_t listener,
                                      char *out_address,
                                      size_t capacity,
                                      size_t *out_len);

// Stops listening on an address. Clients that have connected there stay connected.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID.
orch_status orch_listener_remove(struct orch_engine *engine, uint64_t listener);

// Whether a listener accepts connections. All times are in nanoseconds.
typedef struct orch_listener_state {
    // `sizeof(orch_listener_state)`, set by the host.
    size_t size;
    // 1: it accepts connections. 0: some wait, and the system has no descriptor, or no memory, for one.
    uint32_t accepting;
    // Why it could not accept, the last time that it could not: ORCH_E_NO_FD or ORCH_E_SYSTEM. ORCH_OK: it always could.
    orch_status error;
    // The system's error number of that; else 0.
    int32_t os_error;
    // Always 0.
    uint32_t reserved;
    // How long `accepting` has been what it is.
    uint64_t since_ns;
    // The time until it tries again, while it does not accept; else -1. It does so before if the engine closes a
    // descriptor.
    int64_t retry_in_ns;
    // How often it could not accept.
    uint64_t outages;
} orch_listener_state;
#define ORCH_LISTENER_STATE_INIT \
    { sizeof(orch_listener_state), 0, 0, 0, 0, 0, 0, 0 }

// The state of a listener. Set `out_state->size` first.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_listener_get_state(struct orch_engine *engine,
                                    uint64_t listener,
                                    struct orch_listener_state *out_state);

// What a token allows, a sum.
typedef uint32_t orch_scopes;
enum {
    // Read the state, attach to the output of terminals, search, query.
    ORCH_SCOPE_OBSERVE = 1,
    // Use terminals: input, paste, resize, interrupt.
    ORCH_SCOPE_TYPE = 2,
    // Manage: spawn, close and signal terminals, change the state, watch files.
    ORCH_SCOPE_MANAGE = 4,
    // Get what programs put on the clipboard (OSC 52), where `orch_screen_options` allows that.
    ORCH_SCOPE_CLIPBOARD = 8,
    // All scopes.
    ORCH_SCOPE_ALL = 15,
};

enum {
    // The length of the text of a token.
    ORCH_TOKEN_BYTES = 43,
};

// How to make a token. All zeroes but `size` and `scopes` are the defaults.
//
// Pointers are read during the call only.
typedef struct orch_token_options {
    // `sizeof(orch_token_options)`.
    size_t size;
    // What the token allows: a sum of ORCH_SCOPE_*, at least one. No scope implies another one.
    orch_scopes scopes;
    // Must be 0.
    uint32_t reserved;
    // How long the token is valid, in milliseconds. 0 (the default): until it is revoked.
    uint64_t expires_in_ms;
    // The secret, 32 bytes, for a host that brings its own. No bytes (the default): the engine makes one from the
    // system's random source.
    struct orch_bytes secret;
    // A name for people; UTF-8, at most 256 bytes.
    struct orch_bytes label;
} orch_token_options;
#define ORCH_TOKEN_OPTIONS_INIT \
    { sizeof(orch_token_options), 0, 0, 0, { NULL, 0 }, { NULL, 0 } }

// Makes a token. A client that sends its text to the server is authenticated. `out_text` gets the text:
// ORCH_TOKEN_BYTES characters without a terminator. Send it to the client over a private channel; the engine does not
// give it again. `out_token` gets the id of the token in this engine.
//
// Owner thread. Does not block. Errors: ORCH_E_INVALID (no scope; a secret of zeroes or of another token; a label that
// is too long), ORCH_E_LIMIT beyond 1,024 tokens, ORCH_E_SYSTEM.
orch_status orch_token_add(struct orch_engine *engine,
                           const struct orch_token_options *options,
                           char *out_text,
                           uint64_t *out_token);

// Makes a token invalid and disconnects the clients that have used it.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID.
orch_status orch_token_revoke(struct orch_engine *engine, uint64_t token);

// Grants a directory to clients (`granted` 1) or takes the grant back (0). Clients may watch files in a granted
// directory and start programs in it. Watches and programs that are there when the grant ends go on.
//
// The path is absolute. The grant is for the directory's real path, without symbolic links. Whatever directory is at
// that path is granted, also after it was removed and made again, replaced, or mounted over. If a symbolic link takes
// its place or that of a directory above it, nothing is granted. While there is no directory at the path, a granted
// directory that was moved elsewhere stays granted.
//
// Owner thread. Errors with 1: ORCH_E_NOT_FOUND, ORCH_E_PERMISSION, ORCH_E_NOT_DIRECTORY, ORCH_E_INVALID,
// ORCH_E_LIMIT beyond 256 directories, ORCH_E_NO_FD. Errors with 0: ORCH_E_STALE_ID if the directory is not granted,
// ORCH_E_INVALID.
orch_status orch_directory_set_granted(struct orch_engine *engine,
                                       struct orch_bytes path,
                                       uint32_t granted);

// Sets a profile: a program that clients may start by this name of 1 to 64 bytes, UTF-8. A profile of the same name is
// replaced. Clients can start no other programs than profiles.
//
// `options` NULL takes the profile away; programs that were started by it go on. Options without `argv` are the
// user's shell, as in `orch_terminal_spawn`. The options are copied.
//
// Owner thread. Does not block. Errors: ORCH_E_INVALID, ORCH_E_LIMIT beyond 256 profiles; with NULL ORCH_E_STALE_ID if
// there is no such profile.
orch_status orch_profile_set(struct orch_engine *engine,
                             struct orch_bytes name,
                             const struct orch_spawn_options *options);

// A client of the server.
typedef struct orch_client_state {
    // `sizeof(orch_client_state)`, set by the host.
    size_t size;
    // Its id.
    uint64_t client;
    // The name that it gave itself, UTF-8, at most 64 bytes. Lent; see `orch_client_get_state`.
    struct orch_bytes name;
    // What its token allows: a sum of ORCH_SCOPE_*.
    orch_scopes scopes;
    // Always 0.
    uint32_t reserved;
    // How many terminals it is attached to.
    size_t terminals;
    // Bytes that wait to be sent to it.
    size_t queued_bytes;
    // Bytes of memory that it takes, about: what waits to be sent, and messages that are not whole yet.
    size_t memory_bytes;
} orch_client_state;
#define ORCH_CLIENT_STATE_INIT \
    { sizeof(orch_client_state), 0, { NULL, 0 }, 0, 0, 0, 0, 0 }

// The state of a client. Set `out_state->size` first. ORCH_LIST_CLIENTS has the ids of all clients.
//
// The name is lent until the next `orch_client_get_state` on this engine that succeeds. Owner thread. Does not block.
// Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_client_get_state(struct orch_engine *engine,
                                  uint64_t client,
                                  struct orch_client_state *out_state);

// Disconnects a client. It gets the `reason`: UTF-8, at most 123 bytes.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_client_close(struct orch_engine *engine,
                              uint64_t client,
                              struct orch_bytes reason);

// ---------------------------------------------------------------------------------------------------------
// Peers
//
// A peer is a connection to the server of another engine. The library keeps a copy of its state, which
// `orch_state_get_entry` and `orch_state_get_changes` read:
//
//     orch_peer_options options = ORCH_PEER_OPTIONS_INIT;
//     options.address = orch_str("127.0.0.1:7070");
//     options.token = orch_str("zQSUF5aCUrdcTrUlT0Omo9cxq_HONJvKFnMUKS9UXI4");
//     uint64_t peer = 0;
//     orch_peer_connect(engine, &options, &peer);
//
// `orch_peer_attach` follows a terminal of the other engine, `orch_peer_write` types into it, and
// `orch_peer_request` asks for everything else; each request is answered under its number. Everything that happens
// is reported by ORCH_EVENT_PEER_*, in order. A connection that breaks is made again and resumes where it was.
// Terminals and watches of another engine have ids of that engine.
// ---------------------------------------------------------------------------------------------------------

// Flags of `orch_peer_options`.
typedef uint32_t orch_connect_flags;
enum {
    // Large messages are compressed in both directions. On one machine this only costs time.
    ORCH_CONNECT_COMPRESS = 1,
    // Messages are JSON instead of bincode: for an engine of another version, or for people to read.
    ORCH_CONNECT_JSON = 2,
    // A connection that fails or is lost is not tried again. `retry_attempts` must be 0.
    ORCH_CONNECT_NO_RETRY = 4,
};

// Kinds of notices, a sum.
typedef uint32_t orch_notices;
enum {
    // The bell.
    ORCH_NOTICES_BELL = 1,
    // Messages for the user.
    ORCH_NOTICES_NOTIFICATION = 2,
    // Texts for the clipboard. The token needs ORCH_SCOPE_CLIPBOARD.
    ORCH_NOTICES_CLIPBOARD = 4,
    // Progress of programs.
    ORCH_NOTICES_PROGRESS = 8,
    // Commands of shells that start and end.
    ORCH_NOTICES_COMMAND = 16,
    // Titles.
    ORCH_NOTICES_TITLE = 32,
    // Working directories.
    ORCH_NOTICES_CWD = 64,
    // All kinds.
    ORCH_NOTICES_ALL = 127,
};

// Which engine to connect to, and how. All zeroes but `size`, `address` and `token` are the defaults.
//
// Pointers are read during the call only.
typedef struct orch_peer_options {
    // `sizeof(orch_peer_options)`.
    size_t size;
    // The address that the other engine listens on: an IP address with a port, such as "127.0.0.1:8000" or
    // "[::1]:8000"; "unix:" and the path of a Unix socket; or the absolute path of one. TCP is not encrypted: use a
    // tunnel across a network.
    struct orch_bytes address;
    // The text of a token that the other engine has made (`orch_token_add`), 1 to 256 bytes.
    struct orch_bytes token;
    // The name of this engine for the other one (`orch_client_state.name`); UTF-8, at most 64 bytes. Default none.
    struct orch_bytes name;
    // The `Host` header of the request, with a port; graphic ASCII. No bytes (the default): the address.
    struct orch_bytes host;
    // The collections of the state that are mirrored: a sum of ORCH_COLLECTION_*. 0 (the default): all.
    orch_collections collections;
    // Sum of ORCH_CONNECT_COMPRESS, ORCH_CONNECT_JSON and ORCH_CONNECT_NO_RETRY. Default 0.
    orch_connect_flags flags;
    // The longest wait before the first retry, in milliseconds. The wait is random below this bound, and the bound
    // doubles with each retry. 0 (the default): 100.
    uint32_t retry_initial_ms;
    // The longest wait before any retry, in milliseconds; not less than `retry_initial_ms`. 0 (the default): 30,000.
    uint32_t retry_max_ms;
    // Retries in a row before the peer is given up. A connection that has lasted 10 seconds resets the count. 0 (the
    // default): no limit.
    uint32_t retry_attempts;
    // Attempts in a row that fail before the circuit breaker opens. 0 (the default): 5. While it is open no attempt
    // is made.
    uint32_t breaker_failures;
    // Attempts in a row that succeed before the circuit breaker closes again. 0 (the default): 1.
    uint32_t breaker_successes;
    // How long the circuit breaker stays open, in milliseconds. 0 (the default): 10,000.
    uint32_t breaker_open_ms;
    // A number of the host's own. It comes back in every event of the peer.
    uint64_t tag;
    // Which notices of terminals come as ORCH_EVENT_PEER_NOTICE, as far as the token allows them: a sum of
    // ORCH_NOTICES_*. Default 0.
    orch_notices notices;
    // Must be 0.
    uint32_t reserved;
} orch_peer_options;
#define ORCH_PEER_OPTIONS_INIT \
    { sizeof(orch_peer_options), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, 0, \
     0, 0, 0, 0, 0, 0 }

// Connects to the server of another engine (`orch_listener_add`) and mirrors its state. A connection that is lost is
// made again and resumes where it was. Everything that happens comes as ORCH_EVENT_PEER_*, also a failed attempt to
// connect. While the host does not read the events of a peer, the engine reads nothing from it.
//
// Some refusals would only be repeated: an invalid token, another version of the protocol, a state larger than
// `state_bytes`. They end the peer with an ORCH_EVENT_PEER_DISCONNECTED whose `retry_in_ms` is -1. The id stays
// valid until `orch_peer_disconnect`.
//
// Owner thread. Does not wait for the connection. Errors: ORCH_E_INVALID, ORCH_E_LIMIT, ORCH_E_GONE during a
// shutdown, ORCH_E_SYSTEM.
orch_status orch_peer_connect(struct orch_engine *engine,
                              const struct orch_peer_options *options,
                              uint64_t *out_peer);

// Ends a peer. Its copy of the state and its unread events are discarded, and its id becomes stale. The connection is
// closed without waiting for the other engine.
//
// Owner thread. Does not block. Errors: ORCH_E_STALE_ID.
orch_status orch_peer_disconnect(struct orch_engine *engine,
                                 uint64_t peer);

// The state of a connection to another engine.
typedef uint32_t orch_peer_status;
enum {
    // A connection is being made.
    ORCH_PEER_STATUS_CONNECTING = 1,
    // The other engine has accepted the token.
    ORCH_PEER_STATUS_CONNECTED = 2,
    // The next attempt comes in `retry_in_ms`.
    ORCH_PEER_STATUS_WAITING = 3,
    // It has been given up; see `last_error`.
    ORCH_PEER_STATUS_FAILED = 4,
};

// The state of a peer. Texts and arrays are lent; see `orch_peer_get_state`.
typedef struct orch_peer_state {
    // `sizeof(orch_peer_state)`, set by the host.
    size_t size;
    // Its id.
    uint64_t peer;
    // The tag of `orch_peer_options`.
    uint64_t tag;
    // One of ORCH_PEER_STATUS_*.
    orch_peer_status status;
    // One of ORCH_BREAKER_*.
    orch_breaker_state breaker;
    // Attempts since the last connection that lasted.
    uint32_t attempts;
    // What the token allows there: a sum of ORCH_SCOPE_*. 0 before the first connection.
    orch_scopes scopes;
    // Name and version of the other engine; UTF-8. No bytes before the first connection.
    struct orch_bytes server;
    // Why the last connection failed or ended; UTF-8. `data` is NULL if none has.
    struct orch_bytes last_error;
    // The profiles that can be started there (`orch_profile_set`); UTF-8.
    const struct orch_bytes *profiles;
    // Elements of `profiles`.
    size_t profile_count;
    // The terminals that are attached, or will be once there is a connection.
    const uint64_t *terminals;
    // Elements of `terminals`.
    size_t terminal_count;
    // ORCH_PEER_STATUS_WAITING: milliseconds until the next attempt. Otherwise -1.
    int64_t retry_in_ms;
    // The last round trip to the other engine, in nanoseconds; -1 if not known.
    int64_t round_trip_ns;
    // Bytes that wait for the host to read events, about.
    size_t received_bytes;
    // Bytes that wait to be sent.
    size_t queued_bytes;
    // How often the copy differed from the state of the other engine and came anew.
    uint64_t mismatches;
} orch_peer_state;
#define ORCH_PEER_STATE_INIT \
    { sizeof(orch_peer_state), 0, 0, 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, NULL, 0, NULL, 0, 0, 0, \
     0, 0, 0 }

// The state of a peer. Set `out_state->size` first. ORCH_LIST_PEERS has the ids of all peers.
//
// Texts and arrays are lent until the next `orch_peer_get_state` on this engine that succeeds. Owner thread. Does not
// block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
orch_status orch_peer_get_state(struct orch_engine *engine,
                                uint64_t peer,
                                struct orch_peer_state *out_state);

// How to follow a terminal of another engine. All zeroes but `size` are the defaults.
typedef struct orch_peer_attach_options {
    // `sizeof(orch_peer_attach_options)`.
    size_t size;
    // ORCH_DELIVERY_LOSSLESS (the default): every byte, and this host exerts backpressure on the program. If other
    // readers have to wait for it for more than 500 ms, it gets a snapshot or a gap instead.
    // ORCH_DELIVERY_LOSSY: the program never waits; bytes that come too fast are reported as a gap.
    // ORCH_DELIVERY_SCREEN: the changes of the screen instead of bytes.
    orch_delivery mode;
    // Where the output begins: ORCH_START_DEFAULT, ORCH_START_OLDEST, ORCH_START_NOW, ORCH_START_SNAPSHOT, or
    // ORCH_START_RESUME (at `offset` if that is still kept, else with a snapshot or a gap). After a lost connection
    // the output resumes where it was.
    orch_start start;
    // ORCH_START_RESUME: the offset in bytes since the terminal's start.
    uint64_t offset;
    // The most bytes that are in flight or unread; the other engine bounds it. 0 (the default): 256 KiB.
    uint64_t window;
    // ORCH_START_SNAPSHOT: the most rows of scrollback.
    uint32_t scrollback;
    // Must be 0.
    uint32_t reserved;
    // The columns and rows of the window that shows the terminal. The terminal gets this size if the size policy
    // there (ORCH_SIZE_POLICY_*) says so. Pixels are ignored. 0 columns and 0 rows (the default): no size is reported,
    // and the terminal keeps its size.
    struct orch_size grid;
} orch_peer_attach_options;
#define ORCH_PEER_ATTACH_OPTIONS_INIT \
    { sizeof(orch_peer_attach_options), 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 } }

// Attaches to a terminal of a peer, or changes how it is attached. Without a connection this is done once there is one.
// The attachment stays when the connection is lost and made again. `options` may be NULL for the defaults.
// ORCH_EVENT_PEER_ATTACHED follows, or ORCH_EVENT_PEER_DETACHED if there is no such terminal.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID if there is no such peer, ORCH_E_LIMIT, ORCH_E_INVALID.
orch_status orch_peer_attach(struct orch_engine *engine,
                             uint64_t peer,
                             uint64_t terminal,
                             const struct orch_peer_attach_options *options);

// Detaches from a terminal of a peer. Events that came before are still reported, then ORCH_EVENT_PEER_DETACHED.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID if there is no such peer or the terminal is not attached.
orch_status orch_peer_detach(struct orch_engine *engine,
                             uint64_t peer,
                             uint64_t terminal);

// Reports the columns and rows of the window that shows a terminal of a peer, as `orch_peer_attach_options.grid` does;
// the attachment stays. Without a connection they are reported with the next one. If the other engine refuses them,
// ORCH_EVENT_PEER_PROBLEM comes.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID if there is no such peer or the terminal is not attached,
// ORCH_E_INVALID without columns or rows, ORCH_E_LIMIT if too much waits to be sent.
orch_status orch_peer_set_grid(struct orch_engine *engine,
                               uint64_t peer,
                               uint64_t terminal,
                               struct orch_size grid);

// Looks at what is `rows` rows above the top of a terminal of a peer that is attached with ORCH_DELIVERY_SCREEN, at most as
// many as there are; 0: at the screen. A full ORCH_EVENT_PEER_SCREEN with its `viewport` follows. The view stays with its
// text. After the connection was made anew it is at the screen.
//
// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED without a connection; ORCH_E_STALE_ID if there is no such
// peer or the terminal is not attached; ORCH_E_INVALID with another delivery; ORCH_E_LIMIT if too much waits to be sent.
orch_status orch_peer_scroll(struct orch_engine *engine,
                             uint64_t peer,
                             uint64_t terminal,
                             uint32_t rows);

// Types into a terminal of a peer: all of the bytes are queued, or none. The bytes are copied. No answer comes; if the
// other engine refuses the input, ORCH_EVENT_PEER_PROBLEM comes.
//
// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED without a connection, ORCH_E_LIMIT if too much waits to be
// sent, ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID.
orch_status orch_peer_write(struct orch_engine *engine,
                            uint64_t peer,
                            uint64_t terminal,
                            const void *data,
                            size_t len);

// The kind of a request.
typedef uint32_t orch_request_kind;
enum {
    // Does the operations `ops`. They are ORCH_OP_INPUT, ORCH_OP_PASTE, ORCH_OP_RESIZE, ORCH_OP_SIGNAL (to
    // ORCH_SIGNAL_FOREGROUND), ORCH_OP_CLEAR, ORCH_OP_INTERRUPT, ORCH_OP_EOF and ORCH_OP_CLOSE. If one fails, those after
    // it for the same terminal are skipped. ORCH_OP_RESIZE of an attached terminal is as `orch_peer_set_grid`; of another
    // one it changes the size, in cells. The reply is ORCH_REPLY_RESULTS.
    ORCH_REQUEST_BATCH = 1,
    // Starts the program of `profile` in the directory `cwd` and with the size `window`. The reply is
    // ORCH_REPLY_SPAWNED.
    ORCH_REQUEST_SPAWN = 2,
    // Searches the screen and the scrollback of `terminal` for `pattern`, with `flags` and `matches_max`. The reply
    // is ORCH_REPLY_MATCHES.
    ORCH_REQUEST_SEARCH = 3,
    // Asks for everything that is known of `terminal` now. The reply is ORCH_REPLY_TERMINAL.
    ORCH_REQUEST_QUERY = 4,
    // Watches the files in `path`. They appear in the copy of the state. The watch ends with the connection. The
    // reply is ORCH_REPLY_WATCHING.
    ORCH_REQUEST_WATCH = 5,
    // Ends `watch`, which was requested on this connection. The reply is ORCH_REPLY_DONE.
    ORCH_REQUEST_UNWATCH = 6,
    // Changes sessions and panes by `changes`: all of the operations or none, as in `orch_state_change`. Bases are
    // versions of entries in the copy. ORCH_EVENT_PEER_APPLIED or ORCH_EVENT_PEER_REJECTED follows instead of a reply;
    // when ORCH_EVENT_PEER_APPLIED is read, the copy has the change.
    ORCH_REQUEST_CHANGE = 7,
    // Reads rows of the screen and the scrollback of `terminal`: up to `above` rows above the row that shows the place `from`,
    // and up to `rows_max` from that row on. At most 1,000 come, and fewer if they are large: neighbours, those nearest to
    // `from`. The reply is ORCH_REPLY_ROWS.
    ORCH_REQUEST_ROWS = 8,
    // Reads a part of the regular file `path`: `bytes_max` bytes from `offset` on. With `base`, the reply says whether the
    // file has changed since. The reply is ORCH_REPLY_SLICE.
    ORCH_REQUEST_READ = 9,
    // Asks for figures of the other engine and of the connection. The reply is ORCH_REPLY_STATS.
    ORCH_REQUEST_STATS = 10,
};

// What identifies the content of a file of another engine. Another file, or another content, has another one.
typedef struct orch_peer_file_version {
    // The number of its device.
    uint64_t device;
    // Its number there.
    uint64_t inode;
    // Its bytes.
    uint64_t size;
    // When its content or metadata changed last, in nanoseconds since 1970.
    uint64_t changed_ns;
} orch_peer_file_version;

// A request to another engine. Set fields that its kind does not name to 0. Everything is read during the call and
// copied.
typedef struct orch_request {
    // `sizeof(orch_request)`.
    size_t size;
    // One of ORCH_REQUEST_*.
    orch_request_kind kind;
    // ORCH_REQUEST_SEARCH: sum of ORCH_SEARCH_REGEX and ORCH_SEARCH_IGNORE_CASE.
    orch_search_flags flags;
    // ORCH_REQUEST_SEARCH, ORCH_REQUEST_QUERY, ORCH_REQUEST_ROWS: the terminal.
    uint64_t terminal;
    // ORCH_REQUEST_BATCH: the operations; elements lie `op_stride` bytes apart.
    const struct orch_op *ops;
    // Elements of `ops`.
    size_t op_count;
    // `sizeof(orch_op)`.
    size_t op_stride;
    // ORCH_REQUEST_CHANGE: the operations; elements lie `change_stride` bytes apart.
    const struct orch_state_op *changes;
    // Elements of `changes`.
    size_t change_count;
    // `sizeof(orch_state_op)`.
    size_t change_stride;
    // ORCH_REQUEST_SPAWN: the name of a profile of the other engine (`orch_profile_set`); UTF-8.
    struct orch_bytes profile;
    // ORCH_REQUEST_SPAWN: the working directory, inside a granted one (`orch_directory_set_granted`). No bytes (the
    // default): that of the profile.
    struct orch_bytes cwd;
    // ORCH_REQUEST_SPAWN: the size in cells; pixels are ignored. 0 columns and 0 rows (the default): that of the
    // profile.
    struct orch_size window;
    // ORCH_REQUEST_SEARCH: text, or with ORCH_SEARCH_REGEX an expression; UTF-8.
    struct orch_bytes pattern;
    // ORCH_REQUEST_WATCH, ORCH_REQUEST_READ: an absolute path inside a granted directory.
    struct orch_bytes path;
    // ORCH_REQUEST_UNWATCH: the watch of the other engine.
    uint64_t watch;
    // ORCH_REQUEST_SEARCH: the most matches, at most 10,000. 0 (the default): 1,000.
    uint32_t matches_max;
    // Must be 0.
    uint32_t reserved;
    // ORCH_REQUEST_READ: offset of the first byte.
    uint64_t offset;
    // ORCH_REQUEST_READ: `version` of an earlier slice. NULL (the default): none.
    const struct orch_peer_file_version *base;
    // ORCH_REQUEST_READ: the most bytes, at most 262,144. 0 (the default): 65,536.
    uint32_t bytes_max;
    // Must be 0.
    uint32_t reserved_read;
    // ORCH_REQUEST_ROWS: a place in the scrollback or on the screen; a `line` of ORCH_LINE_NONE is the top row of the
    // screen. A place that is no longer kept is taken as the oldest row.
    struct orch_line_position from;
    // ORCH_REQUEST_ROWS: rows above the row that shows `from`.
    uint32_t above;
    // ORCH_REQUEST_ROWS: rows from that row on.
    uint32_t rows_max;
} orch_request;
#define ORCH_REQUEST_INIT \
    { sizeof(orch_request), 0, 0, 0, NULL, 0, 0, NULL, 0, 0, { NULL, 0 }, { NULL, 0 }, { 0, 0, 0, 0 \
     }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, NULL, 0, 0, { 0, 0 }, 0, 0 }

// Sends a request to a peer. `out_request` gets its number, and the reply comes as ORCH_EVENT_PEER_REPLY with that
// number (with ORCH_REQUEST_CHANGE as ORCH_EVENT_PEER_APPLIED or ORCH_EVENT_PEER_REJECTED). A reply comes in any case:
// if the connection is lost first, it is ORCH_REMOTE_DISCONNECTED. Numbers of one peer are never used again.
//
// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED without a connection; ORCH_E_LIMIT if 1,024 requests wait,
// too much waits to be sent, or the request is too large for the other engine; ORCH_E_STALE_ID if there is no such
// peer; ORCH_E_INVALID. After an error nothing was sent.
orch_status orch_peer_request(struct orch_engine *engine,
                              uint64_t peer,
                              const struct orch_request *request,
                              uint64_t *out_request);

// What a peer reports.

// The other engine has accepted the connection.
typedef struct orch_event_peer_connected {
    // 1: the state resumes from the version that the copy has; 0: all of it is sent again.
    uint32_t resumed;
} orch_event_peer_connected;

// There is no connection.
typedef struct orch_event_peer_disconnected {
    // Milliseconds until the next attempt; -1: there is none.
    int64_t retry_in_ms;
    // Why: one line, UTF-8.
    struct orch_bytes reason;
} orch_event_peer_disconnected;

// The copy of the state has reached another version.
typedef struct orch_event_peer_state {
    // The version.
    struct orch_state_version version;
    // 1: all of the state was sent again.
    uint32_t full;
    // Always 0.
    uint32_t reserved;
} orch_event_peer_state;

// Output of a terminal starts.
typedef struct orch_event_peer_attached {
    // The terminal of the other engine.
    uint64_t terminal;
    // Offset of the next byte.
    uint64_t offset;
} orch_event_peer_attached;

// A terminal is not attached any more.
typedef struct orch_event_peer_detached {
    // The terminal of the other engine.
    uint64_t terminal;
} orch_event_peer_detached;

// Output of a terminal. An `offset` beyond the end of the previous event leaves out queries of the program that
// the other engine has answered.
typedef struct orch_event_peer_output {
    // The terminal of the other engine.
    uint64_t terminal;
    // Offset of the first byte.
    uint64_t offset;
    // The bytes.
    const uint8_t *data;
    // How many.
    size_t len;
} orch_event_peer_output;

// Output of a terminal from `start` up to, not including, `end` is lost.
typedef struct orch_event_peer_gap {
    // The terminal of the other engine.
    uint64_t terminal;
    // Offset of the first byte that is lost.
    uint64_t start;
    // Offset of the next byte.
    uint64_t end;
} orch_event_peer_gap;

// A part of a snapshot: clear, set the size `window`, and write the bytes of all parts. If `has_more` is 1 and the
// connection breaks before the next part, a new snapshot comes later.
typedef struct orch_event_peer_snapshot {
    // The terminal of the other engine.
    uint64_t terminal;
    // Offset of the output that follows the snapshot.
    uint64_t offset;
    // Control sequences.
    const uint8_t *data;
    // How many bytes.
    size_t len;
    // Columns and rows of the screen.
    struct orch_size window;
    // The place of the first row of the snapshot.
    struct orch_line_position line;
    // 1: another part follows.
    uint32_t has_more;
    // Always 0.
    uint32_t reserved;
} orch_event_peer_snapshot;

// What changed on the screen of a terminal.
typedef struct orch_event_peer_screen {
    // The terminal of the other engine.
    uint64_t terminal;
    // What changed. Its generation rises with each update of this peer.
    const struct orch_screen_update *update;
} orch_event_peer_screen;

// The program in a terminal has ended.
typedef struct orch_event_peer_exited {
    // The terminal of the other engine.
    uint64_t terminal;
    // Offset after its last byte; everything before it has arrived.
    uint64_t end;
    // How it ended.
    orch_exit_kind exit_kind;
    // The exit code or the number of the signal.
    int32_t exit_value;
} orch_event_peer_exited;

// This host has blocked the program by not reading for longer than the token allows, so output comes in another way.
// Attach again for bytes.
typedef struct orch_event_peer_delivery_changed {
    // The terminal of the other engine.
    uint64_t terminal;
    // Offset from which this applies.
    uint64_t offset;
    // The delivery from now on.
    orch_delivery delivery;
    // Always 0.
    uint32_t reserved;
} orch_event_peer_delivery_changed;

// What has happened in a terminal of another engine.
typedef uint32_t orch_notice;
enum {
    // The program has rung the bell: `count`.
    ORCH_NOTICE_BELL = 1,
    // The program wants the user to see a message: `title`, `text`.
    ORCH_NOTICE_NOTIFICATION = 2,
    // The program asks to set the clipboard: `text`, `is_primary`. Ask the user.
    ORCH_NOTICE_CLIPBOARD = 3,
    // The program reports progress: `progress`, `percent`.
    ORCH_NOTICE_PROGRESS = 4,
    // The shell has started a command: `text`, which is empty if the shell did not report it.
    ORCH_NOTICE_COMMAND_STARTED = 5,
    // A command of the shell has ended: `has_exit_code`, `exit_code`, `duration_ns`.
    ORCH_NOTICE_COMMAND_FINISHED = 6,
    // The program has set the title: `title`.
    ORCH_NOTICE_TITLE = 7,
    // The program has reported its working directory: `text`, an absolute path on the machine that the program runs on.
    ORCH_NOTICE_CWD = 8,
};

// Something has happened in a terminal of the other engine that its rows do not show. Fields that its kind does not
// name are 0.
typedef struct orch_event_peer_notice {
    // The terminal of the other engine; it need not be attached.
    uint64_t terminal;
    // The number of the notice among those of the terminal. It skips notices that were dropped, and kinds that are
    // not wanted.
    uint64_t seq;
    // What has happened. Ignore kinds that you do not know.
    orch_notice kind;
    // How often the bell was rung.
    uint32_t count;
    // The title, UTF-8; may be empty.
    struct orch_bytes title;
    // The message, the text for the clipboard or the command line, UTF-8; or the path.
    struct orch_bytes text;
    // 1: the primary selection; 0: the clipboard.
    uint32_t is_primary;
    // The state of the work.
    orch_progress_state progress;
    // How much is done, 0 to 100.
    uint32_t percent;
    // 1: the shell reported the exit code.
    uint32_t has_exit_code;
    // The exit code.
    int32_t exit_code;
    // Always 0.
    uint32_t reserved;
    // Nanoseconds since the command started.
    uint64_t duration_ns;
} orch_event_peer_notice;

// Why another engine rejected something.
typedef uint32_t orch_remote_status;
enum {
    // It was accepted.
    ORCH_REMOTE_OK = 0,
    // It is malformed or contradicts itself.
    ORCH_REMOTE_INVALID = 1,
    // The token does not allow it.
    ORCH_REMOTE_FORBIDDEN = 2,
    // What it names does not exist.
    ORCH_REMOTE_NOT_FOUND = 3,
    // A limit is reached.
    ORCH_REMOTE_LIMIT = 4,
    // An entry has changed since the version that the change was made from.
    ORCH_REMOTE_CONFLICT = 5,
    // The host of the other engine rejected it.
    ORCH_REMOTE_REFUSED = 6,
    // The terminal has ended or is being closed.
    ORCH_REMOTE_ENDED = 7,
    // An operation before it failed.
    ORCH_REMOTE_SKIPPED = 8,
    // The terminal has no screen.
    ORCH_REMOTE_NO_SCREEN = 9,
    // The operating system rejected it.
    ORCH_REMOTE_SYSTEM = 10,
    // The connection broke before the reply arrived: the outcome is not known.
    ORCH_REMOTE_DISCONNECTED = 11,
    // It was cancelled before it was done.
    ORCH_REMOTE_CANCELLED = 12,
};

// What a reply contains.
typedef uint32_t orch_reply_kind;
enum {
    // The request is done; there is nothing to return.
    ORCH_REPLY_DONE = 1,
    // The request failed: `status`, `message`.
    ORCH_REPLY_FAILED = 2,
    // A batch: `results`, one for each operation.
    ORCH_REPLY_RESULTS = 3,
    // A spawn: `terminal`.
    ORCH_REPLY_SPAWNED = 4,
    // A watch: `watch`.
    ORCH_REPLY_WATCHING = 5,
    // A search: `matches`, `has_more`.
    ORCH_REPLY_MATCHES = 6,
    // A query: `detail`.
    ORCH_REPLY_TERMINAL = 7,
    // Rows: `rows`.
    ORCH_REPLY_ROWS = 8,
    // A read: `slice`.
    ORCH_REPLY_SLICE = 9,
    // Figures: `stats`.
    ORCH_REPLY_STATS = 10,
};

// The outcome of one operation of a batch.
typedef struct orch_remote_result {
    // ORCH_REMOTE_OK for a success.
    orch_remote_status status;
    // Always 0.
    uint32_t reserved;
    // Why it failed: one line, UTF-8.
    struct orch_bytes message;
} orch_remote_result;

// What the other engine knows about a terminal beyond what its state contains.
typedef struct orch_peer_terminal {
    // Size of this struct as the library has it.
    size_t size;
    // Which one.
    uint64_t terminal;
    // The process that has the terminal, see `orch_terminal_state`; 0 if not known.
    int32_t foreground_pid;
    // 1 if its output is held back.
    uint32_t paused;
    // Name of that process; none if unknown.
    struct orch_bytes foreground_name;
    // Its working directory; none if unknown.
    struct orch_bytes cwd;
    // Offset of the oldest byte that there is.
    uint64_t log_start;
    // Offset after the newest byte.
    uint64_t log_end;
    // Bytes typed so far.
    uint64_t input_bytes;
    // Bytes of them that the program has not read.
    uint64_t input_waiting;
    // Milliseconds since the last input, -1 if there was none.
    int64_t since_input_ms;
    // Milliseconds since the last output, -1 if there was none.
    int64_t since_output_ms;
    // Rows of scrollback.
    uint32_t history;
    // Always 0.
    uint32_t reserved;
} orch_peer_terminal;

// A part of a file of another engine.
typedef struct orch_peer_slice {
    // The bytes.
    struct orch_bytes data;
    // Offset of the first byte.
    uint64_t offset;
    // What the file was before the bytes were read.
    struct orch_peer_file_version version;
    // 1: the file is not what `base` of the request says.
    uint32_t changed;
    // 1: nothing follows.
    uint32_t end;
} orch_peer_slice;

// Figures of another engine.
typedef struct orch_peer_stats {
    // Size of this struct as the library has it.
    size_t size;
    // Milliseconds since the engine was made.
    uint64_t uptime_ms;
    // Turns of its loop so far, or since its host began to count anew.
    uint64_t turns;
    // Processor time of the longest of them, in microseconds.
    uint64_t longest_turn_us;
    // Clients that are connected to it.
    uint32_t clients;
    // Its terminals.
    uint32_t terminals;
    // Its watches.
    uint32_t watches;
    // Always 0.
    uint32_t reserved;
    // Bytes that waited to be sent to this engine when it replied.
    uint64_t queued_bytes;
} orch_peer_stats;

// Rows of the screen and the scrollback of a terminal of another engine.
typedef struct orch_peer_rows {
    // Size of this struct as the library has it.
    size_t size;
    // Neighbours, from the top. The place of the first or the last one is where to read on.
    struct orch_rows rows;
    // The place of the oldest row that is kept.
    struct orch_line_position kept_start;
    // The place of the top row of the primary screen, where the scrollback ends.
    struct orch_line_position kept_end;
    // Rows of scrollback, also while the alternate screen is in use.
    uint32_t history;
    // Columns for which the rows are wrapped.
    uint32_t cols;
} orch_peer_rows;

// The reply to a request. Fields that its kind does not name are 0.
typedef struct orch_event_peer_reply {
    // The number that `orch_peer_request` returned.
    uint64_t request;
    // What the reply contains. Ignore kinds that you do not know.
    orch_reply_kind kind;
    // Why the request failed.
    orch_remote_status status;
    // The same for a person: one line, UTF-8.
    struct orch_bytes message;
    // The terminal that was started.
    uint64_t terminal;
    // The watch of the other engine.
    uint64_t watch;
    // The outcome of each operation of a batch.
    const struct orch_remote_result *results;
    // How many.
    size_t result_count;
    // Bytes from one to the next.
    size_t result_stride;
    // The matches of a search, in the order of the text.
    const struct orch_match *matches;
    // How many.
    size_t match_count;
    // Bytes from one to the next.
    size_t match_stride;
    // 1: the search has found more than it returns.
    uint32_t has_more;
    // Always 0.
    uint32_t reserved;
    // What a query returns.
    const struct orch_peer_terminal *detail;
    // What a read returns.
    const struct orch_peer_slice *slice;
    // What ORCH_REQUEST_STATS returns.
    const struct orch_peer_stats *stats;
    // The rows that were asked for.
    const struct orch_peer_rows *rows;
} orch_event_peer_reply;

// A change set was committed.
typedef struct orch_event_peer_applied {
    // The number that `orch_peer_request` returned.
    uint64_t request;
    // The `n` of the version that contains it.
    uint64_t version_n;
} orch_event_peer_applied;

// A change set was rejected. With ORCH_REMOTE_DISCONNECTED the outcome is not known: compare the state.
typedef struct orch_event_peer_rejected {
    // The number that `orch_peer_request` returned.
    uint64_t request;
    // Why.
    orch_remote_status status;
    // Always 0.
    uint32_t reserved;
    // The same for a person: one line, UTF-8.
    struct orch_bytes message;
} orch_event_peer_rejected;

// The other engine rejected something that has no number.
typedef struct orch_event_peer_problem {
    // What is wrong: one line, UTF-8.
    struct orch_bytes message;
    // The terminal of the other engine that it is about; 0 if it is about none.
    uint64_t terminal;
} orch_event_peer_problem;

// ---------------------------------------------------------------------------------------------------------
// Retry and circuit breaker
//
// What the engine does for peers and for programs that are started again, for a host's own calls. The state is in a
// struct of the host; time and random numbers come from the host, too. No engine is needed.
//
//     orch_retry retry;
//     orch_retry_start(NULL, &retry);
//     while (call() != 0) {
//         uint64_t delay_ns = 0;
//         if (orch_retry_next_delay(&retry, random_u64(), &delay_ns) != ORCH_OK) return -1;   // given up
//         wait_ns(delay_ns);
//     }
//
//     orch_breaker breaker;
//     orch_breaker_start(NULL, &breaker);
//     ...
//     if (orch_breaker_allow(&breaker, now_ns()) == ORCH_OK) {
//         int failed = call() != 0;
//         orch_breaker_record(&breaker, failed ? ORCH_OUTCOME_FAILURE : ORCH_OUTCOME_SUCCESS, now_ns());
//     }
// ---------------------------------------------------------------------------------------------------------

// The delays between retries. In every field 0 is the default.
//
// Each delay is random between 0 and a bound, so that what failed together does not come back together. The bound
// begins with `initial_ns` and grows by `multiplier` up to `max_ns`.
typedef struct orch_retry_options {
    // `sizeof(orch_retry_options)`.
    size_t size;
    // The longest delay before the first retry, in nanoseconds. 0 (the default): 100 ms.
    uint64_t initial_ns;
    // The longest delay before any retry, in nanoseconds; not less than `initial_ns`, at most 365 days. 0 (the
    // default): 30 s.
    uint64_t max_ns;
    // What the bound grows by, at least 1. 0 (the default): 2.
    double multiplier;
    // Retries before giving up. 0 (the default): no limit.
    uint32_t attempts;
    // Must be 0.
    uint32_t reserved;
} orch_retry_options;
#define ORCH_RETRY_OPTIONS_INIT \
    { sizeof(orch_retry_options), 0, 0, 0, 0, 0 }

// A series of retries. The host owns it and may copy it; there is nothing to free. `orch_retry_start` fills it; only
// `attempts` is of interest to a host.
typedef struct orch_retry {
    // Delays since the start or the last reset.
    uint32_t attempts;
    // From `orch_retry_options`; 0 for no limit.
    uint32_t attempts_max;
    // The same.
    uint64_t initial_ns;
    // The same.
    uint64_t max_ns;
    // The same.
    double multiplier;
    // The bound of the next delay.
    double bound_ns;
    // Room for later versions.
    uint64_t reserved[3];
} orch_retry;

// Begins a series of retries. `options` may be NULL for the defaults.
//
// Any thread; does not block. Errors: ORCH_E_INVALID.
orch_status orch_retry_start(const struct orch_retry_options *options,
                             struct orch_retry *out_retry);

// How long to wait before the next retry: ORCH_OK with a time in `out_delay_ns`, ORCH_DONE when all retries are used up.
// `random` is any of all numbers of 64 bits, a fresh one for each call: the delay grows with it, from 0 to the bound.
//
// Any thread, one at a time for one `retry`; does not block. Errors: ORCH_E_INVALID.
orch_status orch_retry_next_delay(struct orch_retry *retry,
                                  uint64_t random,
                                  uint64_t *out_delay_ns);

// It worked: the next failure starts at the beginning.
//
// Any thread, one at a time for one `retry`; does not block. Errors: ORCH_E_INVALID.
orch_status orch_retry_reset(struct orch_retry *retry);

// When a circuit breaker opens and closes. In every field 0 is the default.
typedef struct orch_breaker_options {
    // `sizeof(orch_breaker_options)`.
    size_t size;
    // Failures in a row before it opens. 0 (the default): 5.
    uint32_t failures;
    // Trials in a row that succeed before it closes again. 0 (the default): 1.
    uint32_t successes;
    // How long it stays open, in nanoseconds, at most 365 days. 0 (the default): 10 s.
    uint64_t open_ns;
} orch_breaker_options;
#define ORCH_BREAKER_OPTIONS_INIT \
    { sizeof(orch_breaker_options), 0, 0, 0 }

// A circuit breaker. The host owns it and may copy it; there is nothing to free. `orch_breaker_start` fills it; no
// field is of interest to a host.
typedef struct orch_breaker {
    // Of the library.
    orch_breaker_state state;
    // Of the library.
    uint32_t count;
    // From `orch_breaker_options`.
    uint32_t failures;
    // The same.
    uint32_t successes;
    // The same.
    uint64_t open_ns;
    // Of the library.
    uint64_t until_ns;
    // Of the library.
    uint32_t has_trial;
    // Room for later versions.
    uint32_t reserved;
    // Room for later versions.
    uint64_t reserved2[3];
} orch_breaker;

// What became of a call that a circuit breaker has allowed.
typedef uint32_t orch_outcome;
enum {
    // It succeeded.
    ORCH_OUTCOME_SUCCESS = 1,
    // It failed, or took too long.
    ORCH_OUTCOME_FAILURE = 2,
    // It was not made, or its outcome will never be known.
    ORCH_OUTCOME_ABANDONED = 3,
};

// Makes a circuit breaker, which is closed. `options` may be NULL for the defaults.
//
// Any thread; does not block. Errors: ORCH_E_INVALID.
orch_status orch_breaker_start(const struct orch_breaker_options *options,
                               struct orch_breaker *out_breaker);

// Whether a call may be made now: ORCH_OK, or ORCH_DONE when not. Report the outcome of a call that may be made with
// `orch_breaker_record`: a half-open breaker allows no other one before. `now_ns` is the time of any clock that does not go
// back.
//
// Any thread, one at a time for one `breaker`; does not block. Errors: ORCH_E_INVALID.
orch_status orch_breaker_allow(struct orch_breaker *breaker,
                               uint64_t now_ns);

// Reports what became of a call: one of ORCH_OUTCOME_*.
//
// Any thread, one at a time for one `breaker`; does not block. Errors: ORCH_E_INVALID.
orch_status orch_breaker_record(struct orch_breaker *breaker,
                                orch_outcome outcome,
                                uint64_t now_ns);

// What a circuit breaker does with calls now, one of ORCH_BREAKER_*, and the nanoseconds until it allows a trial, for a
// timer: 0 when it does so now, -1 when there is no time to wait for. Each output may be NULL.
//
// Any thread, one at a time for one `breaker`; does not block. Errors: ORCH_E_INVALID.
orch_status orch_breaker_get_state(const struct orch_breaker *breaker,
                                   uint64_t now_ns,
                                   orch_breaker_state *out_state,
                                   int64_t *out_trial_in_ns);

// ---------------------------------------------------------------------------------------------------------
// Other threads
//
// A sender posts commands to an engine from any thread. It wakes the engine's descriptor, and each command comes back
// as ORCH_EVENT_COMPLETED with its tag:
//
//     orch_sender *sender = NULL;
//     orch_sender_create(engine, &sender);
//     ...
//     orch_command command = ORCH_COMMAND_INIT;                  // on another thread
//     command.kind = ORCH_COMMAND_NOTIFY;
//     orch_sender_post(sender, &command, 42);
// ---------------------------------------------------------------------------------------------------------

// A sender: posts commands to an engine from any thread. Opaque; made by `orch_sender_create`. It may outlive its
// engine.
typedef struct orch_sender orch_sender;

// Makes a sender for the engine. Destroy it with `orch_sender_destroy`.
//
// Owner thread of the engine. Does not block. Errors: ORCH_E_INVALID.
orch_status orch_sender_create(struct orch_engine *engine, struct orch_sender **out_sender);

// Destroys a sender. NULL is allowed. Commands that it has posted are still done.
//
// Any thread, while no other thread is in a call on this sender. Does not block. Never fails.
orch_status orch_sender_destroy(struct orch_sender *sender);

// The kind of a command.
typedef uint32_t orch_command_kind;
enum {
    // Does nothing but come back. It wakes the host.
    ORCH_COMMAND_NOTIFY = 1,
    // Does the operation `op`. Its bytes are copied.
    ORCH_COMMAND_OP = 2,
    // Starts a program with the options `spawn`, which are copied. ORCH_EVENT_COMPLETED has the new terminal.
    ORCH_COMMAND_SPAWN = 3,
    // Closes `terminal`, as `orch_terminal_close` does.
    ORCH_COMMAND_CLOSE = 4,
};

// A command for the engine. Set fields that its kind does not name to 0.
typedef struct orch_command {
    // `sizeof(orch_command)`.
    size_t size;
    // One of ORCH_COMMAND_*.
    orch_command_kind kind;
    // ORCH_COMMAND_CLOSE: the time until SIGKILL, in milliseconds.
    uint32_t grace_ms;
    // ORCH_COMMAND_CLOSE: the terminal.
    uint64_t terminal;
    // ORCH_COMMAND_OP: the operation.
    const struct orch_op *op;
    // ORCH_COMMAND_OP: `sizeof(orch_op)`.
    size_t op_size;
    // ORCH_COMMAND_SPAWN: the options; NULL for the user's shell.
    const struct orch_spawn_options *spawn;
} orch_command;
#define ORCH_COMMAND_INIT \
    { sizeof(orch_command), 0, 0, 0, NULL, 0, NULL }

// Posts a command to the engine. A turn does it, and ORCH_EVENT_COMPLETED with `tag` reports the result. Commands of
// one thread are done in the order of their posts. The command is read during the call and copied.
//
// Any thread, several at once. Does not wait. Errors: ORCH_E_LIMIT if the command queue is full (try again later),
// ORCH_E_GONE if the engine is destroyed, ORCH_E_FORKED, ORCH_E_INVALID; read them with `orch_error_get(NULL, ...)`.
// After an error nothing was posted.
orch_status orch_sender_post(const struct orch_sender *sender,
                             const struct orch_command *command,
                             uint64_t tag);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // ORCHFLOW_H
