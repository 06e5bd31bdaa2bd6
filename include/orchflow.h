// orchflow.h: the C interface of OrchFlow, an embeddable real-time engine for editors and tools.
// Generated from src/capi; do not edit. For C++ there is orchflow.hpp on top of it.
//
// MECHANISM
//
// An engine is an event loop that does nothing by itself. The host polls one file descriptor, calls
// a turn, and pulls events until there are none. There are no callbacks, no threads, no signal
// handlers; nothing is written to stdout or stderr.
//
//     orch_engine *engine = NULL;
//     if (orch_engine_create(NULL, &engine) != ORCH_OK) return 1;
//     orch_bytes argv[] = { orch_str("echo"), orch_str("hello") };
//     orch_spawn_options options;
//     orch_spawn_options_init(&options, sizeof options);
//     options.argv = argv;
//     options.argv_len = 2;
//     uint64_t terminal = 0;
//     orch_terminal_spawn(engine, &options, &terminal);
//     orch_event event = {0};
//     event.size = sizeof event;
//     for (int running = 1; running;) {
//         struct pollfd fd = { orch_engine_fd(engine), POLLIN, 0 };
//         poll(&fd, 1, -1);                                  // with the host's own descriptors
//         orch_engine_turn(engine, 0);
//         while (orch_engine_next_event(engine, &event) == ORCH_OK) {
//             if (event.kind == ORCH_EVENT_OUTPUT) fwrite(event.data, 1, event.len, stdout);
//             if (event.kind == ORCH_EVENT_EXITED) running = 0;
//         }
//     }
//     orch_engine_destroy(engine);
//
// The descriptor is readable if and only if a turn has something to do or an event is unread, timers
// included, so a host needs no timeout. Every event has to be read some time: unread output stops its
// program, it is never dropped.
//
// THREADS
//
// An engine belongs to the thread that created it. A call from any other thread returns
// ORCH_E_WRONG_THREAD and changes nothing; orch_engine_bind_thread moves the ownership. Senders may be
// used from any thread, several at once. Calls in a forked child return ORCH_E_FORKED. No call blocks,
// but orch_engine_turn when told to wait.
//
// LIFETIMES
//
// What the host passes in is read during the call and may be freed afterwards. What the library
// lends says until which call it stays; nothing has to be freed but engines and senders. Ids are
// never reused: one that names something gone gives ORCH_E_STALE_ID for ever.
//
// ERRORS
//
// Functions return a status: ORCH_OK, ORCH_DONE, or a negative ORCH_E_*. Outputs are written only on
// success; after an error nothing has changed unless the function says so. orch_last_error tells more.
// NULL and nonsense are refused where they can be seen; a pointer must be NULL or good for its length.
// A bug in the library is caught at this border: ORCH_E_PANIC, and the engine can only be destroyed.
// When memory runs out the process is aborted; the limits in orch_config are the protection.
//
// STRUCTS
//
// Structs begin with their size, so that a host and a library of different ages fit: fill options
// with their init function, set `size` of structs that are to be filled. Text and paths are bytes with
// a length, not terminated, not necessarily UTF-8.


#ifndef ORCHFLOW_H
#define ORCHFLOW_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ORCHFLOW_VERSION_MAJOR 0
#define ORCHFLOW_VERSION_MINOR 1
#define ORCHFLOW_VERSION_PATCH 0


// The call did what it says.
#define ORCH_OK 0

// There is nothing (more) to give: `orch_engine_next_event` without an unread event.
#define ORCH_DONE 1

// An argument is NULL, out of range or contradicts another one.
#define ORCH_E_INVALID -1

// The id names something that is gone or never was.
#define ORCH_E_STALE_ID -2

// A limit of the engine is reached; the message names it.
#define ORCH_E_LIMIT -3

// The program to start was not found.
#define ORCH_E_NO_PROGRAM -4

// The program to start cannot be executed.
#define ORCH_E_NOT_EXECUTABLE -5

// The working directory does not exist or cannot be entered.
#define ORCH_E_NO_DIRECTORY -6

// The system has no free PTY.
#define ORCH_E_NO_PTY -7

// The process or the system has no free file descriptor.
#define ORCH_E_NO_FD -8

// The terminal is being closed and takes no more commands.
#define ORCH_E_CLOSING -9

// The program or the PTY has ended, so the command has no object.
#define ORCH_E_ENDED -10

// Not tried: an earlier operation for the same terminal in the batch failed.
#define ORCH_E_SKIPPED -11

// The call was made in a forked child; the engine belongs to the parent.
#define ORCH_E_FORKED -12

// The engine of a sender is gone, or the engine is shutting down.
#define ORCH_E_GONE -13

// The system refused; see `os_error` of `orch_last_error`.
#define ORCH_E_SYSTEM -14

// The call was made on a thread that does not own the engine.
#define ORCH_E_WRONG_THREAD -15

// A bug in the library was caught in this call. The engine is poisoned.
#define ORCH_E_PANIC -16

// An earlier call returned ORCH_E_PANIC; only `orch_engine_destroy` is left.
#define ORCH_E_POISONED -17

// Another thread is inside a call on this engine.
#define ORCH_E_BUSY -18

// Log level: something failed that no caller could be told.
#define ORCH_LOG_ERROR 1

// Log level: something unexpected that the engine coped with.
#define ORCH_LOG_WARN 2

// Log level: something worth knowing.
#define ORCH_LOG_INFO 3

// Delivery: every byte; the program blocks while too much is unread.
#define ORCH_DELIVERY_LOSSLESS 0

// Delivery: the program never waits; what the log no longer has is reported as a gap.
#define ORCH_DELIVERY_LOSSY 1

// For `orch_spawn_options.delivery` and `orch_adopt_options.delivery`: no reader at all.
#define ORCH_DELIVERY_NONE 2

// Start of a reader: at the oldest byte that is kept.
#define ORCH_START_OLDEST 0

// Start of a reader: at the next byte that the program writes.
#define ORCH_START_NOW 1

// Start of a reader: at `offset`; what is no longer kept is reported as a gap.
#define ORCH_START_OFFSET 2

// Operation: types `data` and `len`, all of it or, when the queue has no room for all, nothing.
#define ORCH_OP_INPUT 1

// Operation: changes the size to `window`.
#define ORCH_OP_RESIZE 2

// Operation: sets the mode `value`, one of ORCH_MODE_*.
#define ORCH_OP_SET_MODE 3

// Operation: sends the signal `signal` to `value`, one of ORCH_SIGNAL_*.
#define ORCH_OP_SIGNAL 4

// Mode: bytes pass unchanged both ways, as by `cfmakeraw`.
#define ORCH_MODE_RAW 1

// Mode: lines are edited and signals come from keys, as by `stty sane`.
#define ORCH_MODE_COOKED 2

// Mode: input is echoed.
#define ORCH_MODE_ECHO 3

// Mode: input is not echoed.
#define ORCH_MODE_NO_ECHO 4

// Target of a signal: the foreground process group, as a key would do; else the leader's.
#define ORCH_SIGNAL_FOREGROUND 0

// Target of a signal: the process group of the program that was started.
#define ORCH_SIGNAL_LEADER 1

// Bytes for a reader: `terminal`, `reader`, `offset` of the first byte, `end` after the last,
// `data` and `len`. The reader has moved past them.
#define ORCH_EVENT_OUTPUT 1

// A reader has lost the bytes from `offset` up to `end`.
#define ORCH_EVENT_GAP 2

// A write was not accepted whole earlier, and half of the input queue is free now.
#define ORCH_EVENT_INPUT_READY 3

// A line of input was longer than the 4,095 bytes that the kernel keeps in canonical mode; the rest
// of the line was dropped by the kernel.
#define ORCH_EVENT_INPUT_TRUNCATED 4

// The program ended: `exit_kind`, `exit_value`, `core_dumped`; `offset` is after its last byte, and
// every reader has got everything before it. A background process may still write afterwards.
#define ORCH_EVENT_EXITED 5

// Nobody holds the terminal any more: there will be no more output after `offset`. Comes after
// ORCH_EVENT_EXITED, also when a program closes its terminal before it ends.
#define ORCH_EVENT_EOF 6

// The terminal is gone and its id stale: the last event of a terminal that was closed.
#define ORCH_EVENT_CLOSED 7

// A command that a sender posted is done: `tag`, `status`; `terminal` of one that was spawned;
// `data` and `len` is the error message when `status` is below 0.
#define ORCH_EVENT_COMPLETED 8

// A log line: `level`, `data`, `len`; UTF-8, not terminated.
#define ORCH_EVENT_LOG 9

// Every terminal is gone after `orch_engine_shutdown`.
#define ORCH_EVENT_SHUTDOWN_COMPLETE 10

// The program exited with a code: `exit_value`, 0 to 255.
#define ORCH_EXIT_CODE 1

// A signal killed the program: `exit_value` is its number.
#define ORCH_EXIT_SIGNAL 2

// The program ended and somebody else collected its status.
#define ORCH_EXIT_UNKNOWN 3

// Filter: every terminal that has an id.
#define ORCH_TERMINALS_ALL 0

// Filter: those whose program is running and that are not being closed.
#define ORCH_TERMINALS_ACTIVE 1

// State flag: the program is running.
#define ORCH_STATE_RUNNING 1

// State flag: nobody holds the terminal any more.
#define ORCH_STATE_HUNG_UP 2

// State flag: it is being closed.
#define ORCH_STATE_CLOSING 4

// State flag: not read because the host paused it.
#define ORCH_STATE_PAUSED_BY_HOST 8

// State flag: not read because a lossless reader lags.
#define ORCH_STATE_PAUSED_BY_READER 16

// State flag: not read because all logs together have used up `log_bytes_total`.
#define ORCH_STATE_PAUSED_BY_MEMORY 32

// An engine. Opaque; made by `orch_engine_create`.
typedef struct orch_engine orch_engine;

// Posts commands to an engine from any thread. Opaque; made by `orch_sender_create`. It may outlive
// its engine.
typedef struct orch_sender orch_sender;

// How an engine is made. Fill with `orch_config_init` first. In every field 0 means the default.
typedef struct orch_config {
    // `sizeof(orch_config)`.
    size_t size;
    // The least urgent log lines that become events, one of ORCH_LOG_*. Default ORCH_LOG_WARN.
    uint32_t log_level;
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
    // Microseconds after which a turn stops reading. Default 2,000.
    uint32_t turn_time_us;
    // The same while somebody types. Default 100.
    uint32_t turn_time_typing_us;
    // Milliseconds after input in which a terminal is served first. Default 100.
    uint32_t typing_window_ms;
    // The shortest time between two size changes in milliseconds. Default 25.
    uint32_t resize_interval_ms;
} orch_config;

// Bytes: a pointer and a length, no terminator. NULL with length 0 is no bytes.
typedef struct orch_bytes {
    // The first byte.
    const void *data;
    // How many.
    size_t len;
} orch_bytes;

// What went wrong in a call.
typedef struct orch_error {
    // `sizeof(orch_error)`, set by the host.
    size_t size;
    // The status that the call returned; ORCH_OK when none has failed yet.
    int32_t status;
    // The system's error number (errno), 0 if the system had no part in it.
    int32_t os_error;
    // One line for a person, UTF-8, not terminated. Borrowed until the next call that fails.
    struct orch_bytes message;
} orch_error;

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

// How to start a program in a terminal. Fill with `orch_spawn_options_init` first.
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
    // Changes to the environment, in order: "NAME=VALUE" sets, "NAME" unsets.
    const struct orch_bytes *env;
    // Elements of `env`.
    size_t env_len;
    // Not 0: start from an empty environment instead of the host's.
    uint32_t env_clear;
    // Delivery of the reader that is made with the terminal. Default ORCH_DELIVERY_LOSSLESS.
    uint32_t delivery;
    // The working directory; no bytes for the host's.
    struct orch_bytes cwd;
    // The terminal's size. Default 80 columns, 24 rows.
    struct orch_size window;
    // Bytes of output to keep, at least 65,536; 0 for the engine's `log_bytes`.
    size_t log_bytes;
    // A number of the host's own; comes back in every event of the terminal.
    uint64_t tag;
} orch_spawn_options;

// How to take over a PTY master. Fill with `orch_adopt_options_init` first.
typedef struct orch_adopt_options {
    // `sizeof(orch_adopt_options)`.
    size_t size;
    // The program in the terminal, 0 if not known. The engine reaps it if it is a child of this
    // process.
    int32_t pid;
    // As in `orch_spawn_options`.
    uint32_t delivery;
    // The size to set; 0 by 0 (the default) leaves it as it is.
    struct orch_size window;
    // As in `orch_spawn_options`.
    size_t log_bytes;
    // As in `orch_spawn_options`.
    uint64_t tag;
} orch_adopt_options;

// How to attach a reader. Fill with `orch_attach_options_init` first.
typedef struct orch_attach_options {
    // `sizeof(orch_attach_options)`.
    size_t size;
    // ORCH_DELIVERY_LOSSLESS (default) or ORCH_DELIVERY_LOSSY.
    uint32_t delivery;
    // One of ORCH_START_*. Default ORCH_START_OLDEST.
    uint32_t start;
    // For ORCH_START_OFFSET: bytes since the terminal's start.
    uint64_t offset;
} orch_attach_options;

// One operation of a batch. Set fields that its kind does not name to 0.
typedef struct orch_op {
    // Which terminal.
    uint64_t terminal;
    // One of ORCH_OP_*.
    uint32_t kind;
    // See the kinds.
    uint32_t value;
    // ORCH_OP_SIGNAL: 1 to SIGRTMAX.
    int32_t signal;
    // Must be 0.
    uint32_t reserved;
    // ORCH_OP_INPUT: the bytes.
    const void *data;
    // ORCH_OP_INPUT: how many.
    size_t len;
    // ORCH_OP_RESIZE: the size.
    struct orch_size window;
} orch_op;

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

// An event. Fields that its kind does not name are 0.
typedef struct orch_event {
    // `sizeof(orch_event)`, set by the host.
    size_t size;
    // One of ORCH_EVENT_*. Ignore kinds that you do not know.
    uint32_t kind;
    // ORCH_EVENT_LOG: one of ORCH_LOG_*.
    uint32_t level;
    // The terminal that the event is about.
    uint64_t terminal;
    // The reader that gets the bytes or has lost them.
    uint64_t reader;
    // The terminal's tag, or that of the sender's command.
    uint64_t tag;
    // Offset in bytes since the terminal's start; see the kinds.
    uint64_t offset;
    // Offset after the last byte that the event is about.
    uint64_t end;
    // Bytes or text, borrowed until the next `orch_engine_next_event`, `orch_engine_turn` or
    // `orch_engine_destroy` on this engine.
    const uint8_t *data;
    // Bytes in `data`.
    size_t len;
    // ORCH_EVENT_COMPLETED: the status of the command.
    int32_t status;
    // ORCH_EVENT_EXITED: one of ORCH_EXIT_*.
    uint32_t exit_kind;
    // ORCH_EVENT_EXITED: the code or the signal.
    int32_t exit_value;
    // ORCH_EVENT_EXITED: 1 if a core was dumped.
    uint32_t core_dumped;
} orch_event;

// A reader as a state query shows it.
typedef struct orch_reader_state {
    // Its id.
    uint64_t reader;
    // ORCH_DELIVERY_LOSSLESS or ORCH_DELIVERY_LOSSY.
    uint32_t delivery;
    // 1 if the host paused it.
    uint32_t paused;
    // Offset of the next byte that it gets.
    uint64_t offset;
    // Bytes between that and the newest one.
    uint64_t backlog;
} orch_reader_state;

// Everything that is known about a terminal. Texts and arrays are borrowed until the next state
// query on the engine or its end.
typedef struct orch_terminal_state {
    // `sizeof(orch_terminal_state)`, set by the host.
    size_t size;
    // Its id.
    uint64_t terminal;
    // The host's own number.
    uint64_t tag;
    // The process that was started in it, 0 if not known.
    int32_t pid;
    // The leader of the foreground process group, 0 if there is none.
    int32_t foreground_pid;
    // Name of the foreground process, at most 15 bytes; none if unknown.
    struct orch_bytes foreground_name;
    // Working directory of the foreground process, else of the leader; none if unknown.
    struct orch_bytes cwd;
    // The size, counting a change that is still held back.
    struct orch_size window;
    // Sum of ORCH_STATE_*.
    uint32_t flags;
    // One of ORCH_EXIT_*; 0 while the program runs.
    uint32_t exit_kind;
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
    // How many.
    size_t reader_count;
    // Size of an element as this library has it.
    size_t reader_stride;
} orch_terminal_state;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The name of a status, such as "ORCH_E_STALE_ID"; "unknown status" for any other number.
//
// Any thread. The string is static.
const char *orch_status_name(int32_t status);

// Fills a configuration with the defaults. `size` is `sizeof(orch_config)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_config_init(struct orch_config *config, size_t size);

// The version of this library as text, such as "0.1.0".
//
// Any thread. The string is static.
const char *orch_version(void);

// Makes an engine that belongs to the calling thread. `config` may be NULL for the defaults.
//
// Errors: ORCH_E_INVALID (a limit out of range; the message names all), ORCH_E_NO_FD,
// ORCH_E_SYSTEM; read them with `orch_last_error(NULL, ...)`. Does not block.
int32_t orch_engine_create(const struct orch_config *config, struct orch_engine **out_engine);

// Destroys an engine: kills what runs in it and frees everything, without waiting. For an orderly
// end call `orch_engine_shutdown` first and turn until ORCH_EVENT_SHUTDOWN_COMPLETE. NULL is fine.
//
// Owner thread. On error (ORCH_E_WRONG_THREAD, ORCH_E_FORKED, ORCH_E_BUSY) the engine is untouched.
// Works on a poisoned engine. Afterwards the pointer and everything borrowed from it are invalid;
// senders stay valid and report ORCH_E_GONE.
int32_t orch_engine_destroy(struct orch_engine *engine);

// Makes the calling thread the owner of the engine: for a host that creates it on one thread and
// runs it on another. The old owner must not use it any more; what it did before must have
// happened before this call.
//
// Any thread. Errors: ORCH_E_BUSY when a call is going on, ORCH_E_FORKED, ORCH_E_INVALID.
int32_t orch_engine_bind_thread(struct orch_engine *engine);

// The file descriptor to poll for readability (POLLIN), 0 or above; below 0 an error.
//
// It is readable if and only if a turn has something to do or an event is unread. It can be nested
// in poll, select, epoll, libuv, GLib and the like. Never read from it, write to it or close it; it
// goes with the engine. Owner thread.
int32_t orch_engine_fd(const struct orch_engine *engine);

// Does what is due: collects readiness, fires timers, carries out commands of senders, reads
// terminals, within the budgets of the configuration. Then read events with
// `orch_engine_next_event` until it says ORCH_DONE.
//
// `timeout_ms`: how long it may wait for something to do. 0: not at all, for hosts that poll the
// descriptor themselves. Below 0: without end. It never waits when events are unread. Being called
// for nothing is fine. Ends the loan of the last event.
//
// Owner thread. Errors: ORCH_E_SYSTEM. What goes wrong with one terminal is an event, not an error.
int32_t orch_engine_turn(struct orch_engine *engine, int32_t timeout_ms);

// How many milliseconds a host that prefers a timeout may wait before the next turn, rounded up:
// 0 when there is something to do now, -1 when only the descriptor can tell. The descriptor alone is
// enough; timers make it readable too.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_engine_timeout(struct orch_engine *engine,
                            int32_t *out_ms);

// Closes every terminal (see `orch_terminal_close`) and refuses new ones. When all are gone,
// ORCH_EVENT_SHUTDOWN_COMPLETE comes; then destroy the engine.
//
// Owner thread. Does not wait. Errors: ORCH_E_SYSTEM.
int32_t orch_engine_shutdown(struct orch_engine *engine, uint32_t grace_ms);

// The last call on this engine that failed. With NULL: the last one of this thread that failed
// without an engine to keep it (creating one, a sender, a wrong thread, a NULL engine).
//
// Owner thread, or any with NULL. Works on a poisoned engine. Errors: ORCH_E_INVALID,
// ORCH_E_WRONG_THREAD, ORCH_E_FORKED.
int32_t orch_last_error(const struct orch_engine *engine, struct orch_error *out_error);

// Bytes that all output logs of the engine hold at the moment.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_engine_log_bytes(const struct orch_engine *engine, size_t *out_bytes);

// Fills spawn options with the defaults. `size` is `sizeof(orch_spawn_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_spawn_options_init(struct orch_spawn_options *options, size_t size);

// Fills adopt options with the defaults. `size` is `sizeof(orch_adopt_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_adopt_options_init(struct orch_adopt_options *options, size_t size);

// Fills attach options with the defaults. `size` is `sizeof(orch_attach_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_attach_options_init(struct orch_attach_options *options, size_t size);

// Starts a program in a new terminal. `options` may be NULL for the user's shell.
//
// Owner thread. Returns when the program has been executed, about 0.4 ms whatever the size of the
// host's memory. Errors: ORCH_E_NO_PROGRAM, ORCH_E_NOT_EXECUTABLE, ORCH_E_NO_DIRECTORY,
// ORCH_E_NO_PTY, ORCH_E_NO_FD, ORCH_E_LIMIT, ORCH_E_INVALID, ORCH_E_GONE after a shutdown; nothing
// is left behind by any of them.
int32_t orch_terminal_spawn(struct orch_engine *engine,
                            const struct orch_spawn_options *options,
                            uint64_t *out_terminal);

// Starts `count` programs. `options` is an array whose elements lie `stride` bytes apart
// (`sizeof(orch_spawn_options)`; their `size` fields count as well). For each element
// `out_statuses` gets a status and, where that is ORCH_OK, `out_terminals` an id. One that fails
// does not stop the others, nor is it a failure of the call.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_terminal_spawn_many(struct orch_engine *engine,
                                 const struct orch_spawn_options *options,
                                 size_t count,
                                 size_t stride,
                                 uint64_t *out_terminals,
                                 int32_t *out_statuses);

// Takes over an open PTY master. On success the descriptor is the engine's: do not use or close it
// any more. On error it stays the host's. `options` may be NULL. Without a known program the terminal
// ends when the last slave is closed.
//
// Owner thread. Errors: ORCH_E_INVALID when it is not a PTY master, ORCH_E_LIMIT, ORCH_E_NO_FD,
// ORCH_E_GONE.
int32_t orch_terminal_adopt(struct orch_engine *engine,
                            int32_t fd,
                            const struct orch_adopt_options *options,
                            uint64_t *out_terminal);

// Types bytes into a terminal: what the PTY takes goes out at once, the rest waits in the engine.
// `out_accepted` (may be NULL) gets how many were accepted, the first ones; when fewer than `len`,
// the queue is full and ORCH_EVENT_INPUT_READY tells when to go on.
//
// Owner thread. Never blocks. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
int32_t orch_terminal_write(struct orch_engine *engine,
                            uint64_t terminal,
                            const void *data,
                            size_t len,
                            size_t *out_accepted);

// Ends the input as a person would, with the terminal's end-of-file character (usually Ctrl-D),
// twice where a line in canonical mode is unfinished.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_LIMIT.
int32_t orch_terminal_send_eof(struct orch_engine *engine, uint64_t terminal);

// Changes the size. The first change is made at once, further ones at most every
// `resize_interval_ms`, the last one always.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID.
int32_t orch_terminal_resize(struct orch_engine *engine,
                             uint64_t terminal,
                             struct orch_size window);

// Changes the line discipline to one of ORCH_MODE_*. Input that was written just before may be echoed
// only after the change: the kernel's worker carries it over.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID.
int32_t orch_terminal_set_mode(struct orch_engine *engine,
                               uint64_t terminal,
                               uint32_t mode);

// Sends a signal, 1 to SIGRTMAX, to one of ORCH_SIGNAL_*.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_ENDED when there is no process.
int32_t orch_terminal_signal(struct orch_engine *engine,
                             uint64_t terminal,
                             int32_t signal,
                             uint32_t target);

// Closes a terminal: SIGHUP to the program's group and the foreground group, SIGKILL to both if the
// program has not ended after `grace_ms`. Others that ignore the hangup, as under `nohup`, go on
// without a terminal. Output that still comes is delivered; pauses end. ORCH_EVENT_CLOSED is its last event, and the id is good until that has been
// read. Closing again sets a new grace from now.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID.
int32_t orch_terminal_close(struct orch_engine *engine,
                            uint64_t terminal,
                            uint32_t grace_ms);

// Stops reading a terminal; its program blocks once the kernel's buffer is full. Its exit is
// reported after `orch_terminal_resume`, when all of its output has been read.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
int32_t orch_terminal_pause(struct orch_engine *engine, uint64_t terminal);

// Ends `orch_terminal_pause`.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED.
int32_t orch_terminal_resume(struct orch_engine *engine, uint64_t terminal);

// Adds a reader to a terminal's output; its bytes come as ORCH_EVENT_OUTPUT with its id. `options`
// may be NULL: lossless, from the oldest byte that is kept.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT, ORCH_E_INVALID for an offset past the end.
int32_t orch_terminal_attach(struct orch_engine *engine,
                             uint64_t terminal,
                             const struct orch_attach_options *options,
                             uint64_t *out_reader);

// Takes a reader away, the one made at spawn too. What it has not read does not hold back the PTY
// any more.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
int32_t orch_reader_detach(struct orch_engine *engine, uint64_t reader);

// Gives a reader no bytes until it is resumed. A lossless one stops the PTY when its backlog is
// full, and the terminal's exit waits for it; a lossy one gets a gap later.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING.
int32_t orch_reader_pause(struct orch_engine *engine, uint64_t reader);

// Ends `orch_reader_pause`.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
int32_t orch_reader_resume(struct orch_engine *engine, uint64_t reader);

// Does `count` operations, an array whose elements lie `stride` bytes apart (`sizeof(orch_op)`).
//
// Operations that follow each other and name the same terminal form a group: they are done in
// order, and after one fails the rest of its group is ORCH_E_SKIPPED, because it may build on it.
// Other groups go on. `out_statuses` (may be NULL) gets a status for each operation, `out_result`
// (may be NULL) the totals. A failed operation is not a failure of the call.
//
// Owner thread. Errors: ORCH_E_INVALID, then nothing was done.
int32_t orch_batch(struct orch_engine *engine,
                   const struct orch_op *ops,
                   size_t count,
                   size_t stride,
                   int32_t *out_statuses,
                   struct orch_batch_result *out_result);

// Types the same bytes into many terminals; outputs as in `orch_batch`. A terminal takes all of the
// bytes or, when its queue has no room, none.
//
// Owner thread. Errors: ORCH_E_INVALID, then nothing was done.
int32_t orch_terminal_write_many(struct orch_engine *engine,
                                 const uint64_t *terminals,
                                 size_t count,
                                 const void *data,
                                 size_t len,
                                 int32_t *out_statuses,
                                 struct orch_batch_result *out_result);

// Takes the next event: ORCH_OK with an event in `out_event`, ORCH_DONE when there is none before
// the next turn.
//
// Reading an event consumes it and ends the loan of the one before. Unread output stays in the
// engine and stops its PTY; it is never dropped. Set `out_event->size` before the first call; it
// is left as it is.
//
// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_SYSTEM. After ORCH_E_PANIC the panic's message comes
// once as ORCH_EVENT_LOG, then ORCH_E_POISONED.
int32_t orch_engine_next_event(struct orch_engine *engine, struct orch_event *out_event);

// Everything that is known about a terminal now. Set `out_state->size` before; it is left as it is.
//
// Owner thread. Costs a few system calls. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_terminal_get_state(struct orch_engine *engine,
                                uint64_t terminal,
                                struct orch_terminal_state *out_state);

// The states of many terminals. `out_states` is an array whose elements lie `stride` bytes apart,
// each with its `size` set; for each id `out_statuses` gets a status and, where that is ORCH_OK, the
// element is filled. An unknown id fails alone.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_terminal_get_states(struct orch_engine *engine,
                                 const uint64_t *terminals,
                                 size_t count,
                                 struct orch_terminal_state *out_states,
                                 size_t stride,
                                 int32_t *out_statuses);

// The ids of the terminals that `filter` (one of ORCH_TERMINALS_*) lets through, in no particular
// order. Writes at most `capacity` ids; `out_count` gets how many there are. Call with capacity 0
// to learn the number.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_terminal_list(struct orch_engine *engine,
                           uint32_t filter,
                           uint64_t *out_terminals,
                           size_t capacity,
                           size_t *out_count);

// Makes a sender for the engine. Destroy it with `orch_sender_destroy`.
//
// Owner thread of the engine. Errors: ORCH_E_INVALID.
int32_t orch_sender_create(struct orch_engine *engine, struct orch_sender **out_sender);

// Destroys a sender. NULL is fine. What it posted is carried out all the same.
//
// Any thread, when no other thread is in a call on it.
int32_t orch_sender_destroy(struct orch_sender *sender);

// Posts a command that does nothing but come back as ORCH_EVENT_COMPLETED with `tag`: wakes the
// host.
//
// Any thread, several at once. Does not wait. Errors of this and the other posts: ORCH_E_LIMIT when
// the inbox is full (try again later), ORCH_E_GONE when the engine is destroyed, ORCH_E_FORKED,
// ORCH_E_INVALID; read them with `orch_last_error(NULL, ...)`. Nothing was posted then.
int32_t orch_sender_notify(const struct orch_sender *sender, uint64_t tag);

// Posts an operation; `op_size` is `sizeof(orch_op)`. The bytes of an input are copied. It comes
// back as ORCH_EVENT_COMPLETED with `tag`.
//
// Any thread, several at once. Errors: see `orch_sender_notify`.
int32_t orch_sender_op(const struct orch_sender *sender,
                       const struct orch_op *op,
                       size_t op_size,
                       uint64_t tag);

// Posts the start of a program; `options` is copied and may be NULL for the user's shell. It comes
// back as ORCH_EVENT_COMPLETED with `tag` and the new terminal.
//
// Any thread, several at once. Errors: see `orch_sender_notify`.
int32_t orch_sender_spawn(const struct orch_sender *sender,
                          const struct orch_spawn_options *options,
                          uint64_t tag);

// Posts the closing of a terminal. It comes back as ORCH_EVENT_COMPLETED with `tag`.
//
// Any thread, several at once. Errors: see `orch_sender_notify`.
int32_t orch_sender_close(const struct orch_sender *sender,
                          uint64_t terminal,
                          uint32_t grace_ms,
                          uint64_t tag);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ORCHFLOW_H */

#ifndef ORCHFLOW_H_INLINE
#define ORCHFLOW_H_INLINE
#ifdef __cplusplus
extern "C" {
#endif

// The bytes of a terminated string, without the terminator.
static inline orch_bytes orch_str(const char *text) {
    orch_bytes bytes;
    bytes.data = text;
    bytes.len = strlen(text);
    return bytes;
}

#ifdef __cplusplus
}
#endif
#endif  /* ORCHFLOW_H_INLINE */
