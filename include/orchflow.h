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
//         struct pollfd fd = { orch_engine_get_fd(engine), POLLIN, 0 };
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
// success; after an error nothing has changed unless the function says so. orch_error_get tells more.
// NULL and nonsense are refused where they can be seen; a pointer must be NULL or good for its length.
// A bug in the library is caught at this border: ORCH_E_PANIC, and the engine can only be destroyed.
// When memory runs out the process is aborted; the limits in orch_config are the protection.
//
// SCREENS
//
// With `orch_spawn_options.screen` the engine also keeps what the terminal shows. A reader with
// ORCH_DELIVERY_SCREEN gets the rows that changed, at its own pace (ORCH_EVENT_SCREEN); readers of bytes
// can begin with a snapshot of the screen, and go on with one after a gap; a host can ask for rows, text
// and matches (`orch_terminal_get_screen` and those beside it). Titles, bells, notifications and what
// shells tell about commands become events.
//
// FILES
//
// `orch_watch_add` watches directories and files: the engine keeps a tree of what is below them. When it
// has been read for the first time, ORCH_EVENT_WATCH_READY comes; `orch_watch_get_changes` gives the whole
// tree for a cursor of zeroes, and later what changed since. ORCH_EVENT_WATCH_BATCH tells the changes
// themselves, in an order in which they can be applied to a copy of the tree. Who has to be sure that
// everything before a certain moment has been told calls `orch_watch_sync` and waits for
// ORCH_EVENT_WATCH_SYNCED. Paths are absolute.
//
// STATE
//
// The engine keeps an application state, one value with a version: sessions and panes, which the host and
// clients write, and what is known of terminals and published files. `orch_state_change` takes a change set
// whole or not at all; an operation may name the version of the entry that it was built on, and is refused
// with ORCH_E_CONFLICT if that is no longer the one there. `orch_state_get_changes` gives everything for a
// cursor of zeroes, and later what changed since, at the cost of what changed.
//
// SERVING
//
// `orch_listener_add` lets other programs in over WebSockets: they mirror the state and use terminals, as far as the
// scopes of their tokens (`orch_token_add`) allow. They start only programs that `orch_grant_profile` has
// named, and see only directories that `orch_grant_directory` has. Turns do the serving; events tell nothing of
// it but changes that wait for the host's review (ORCH_EVENT_REVIEW), if the configuration asks for that.
//
// PEERS
//
// `orch_peer_connect` connects to the server of another engine and keeps a copy of its state, which
// `orch_peer_entries` walks through and `orch_peer_get_session` and those beside it read by key.
// `orch_peer_attach` follows one of its terminals, `orch_peer_write` types into it, and requests
// (`orch_peer_batch` and those beside it) are answered under their numbers. All that comes of it is
// ORCH_EVENT_PEER. A connection that is lost is made anew and goes on where it was.
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

// For `orch_watch_options.summary_threshold`: batches are never shortened.
#define ORCH_WATCH_NO_SUMMARIES SIZE_MAX


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

// The system refused; see `os_error` of `orch_error_get`.
#define ORCH_E_SYSTEM -14

// The call was made on a thread that does not own the engine.
#define ORCH_E_WRONG_THREAD -15

// A bug in the library was caught in this call. The engine is poisoned.
#define ORCH_E_PANIC -16

// An earlier call returned ORCH_E_PANIC; only `orch_engine_destroy` is left.
#define ORCH_E_POISONED -17

// Another thread is inside a call on this engine.
#define ORCH_E_BUSY -18

// The terminal was made without a screen, and the call is about the screen.
#define ORCH_E_NO_SCREEN -19

// A path to watch names nothing.
#define ORCH_E_NOT_FOUND -20

// The system does not let us see a path to watch.
#define ORCH_E_PERMISSION -21

// A part of a path to watch is no directory.
#define ORCH_E_NOT_DIRECTORY -22

// An entry of the state has changed since the version that a change was made from.
#define ORCH_E_CONFLICT -23

// The token of a client does not allow it.
#define ORCH_E_FORBIDDEN -24

// There is no connection to the other engine at the moment.
#define ORCH_E_DISCONNECTED -25

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

// Delivery: no bytes; what changed on the screen (ORCH_EVENT_SCREEN), at the reader's own pace. For a
// terminal with a screen.
#define ORCH_DELIVERY_SCREEN 3

// Start of a reader: at the oldest byte that is kept.
#define ORCH_START_OLDEST 0

// Start of a reader: at the next byte that the program writes.
#define ORCH_START_NOW 1

// Start of a reader: at `offset`; what is no longer kept is reported as a gap.
#define ORCH_START_OFFSET 2

// Start of a reader: at `offset` if that is still kept, else with a snapshot of the screen
// (ORCH_EVENT_SNAPSHOT): for one that was here before and has read up to there. Without a screen as
// ORCH_START_OFFSET.
#define ORCH_START_RESUME 3

// Start of a reader: with a snapshot of the screen and at most `scrollback` rows above it.
#define ORCH_START_SNAPSHOT 4

// For `orch_attach_options.interval_us`: no time between updates.
#define ORCH_INTERVAL_NONE UINT32_MAX

// Size policy: the host decides; viewers do not change the size. `orch_terminal_resize` and ORCH_OP_RESIZE of
// the host set it.
#define ORCH_SIZE_POLICY_FIXED 1

// Size policy: the fewest columns and the fewest rows of all viewers, so that each of them shows the whole
// terminal.
#define ORCH_SIZE_POLICY_SMALLEST 2

// Size policy, that of a new terminal: the grid of the viewer that typed last (input, paste, interrupt, end of
// input). Attaching and changing a window do not count as typing. While no viewer has typed, the one that
// reported its grid first decides.
#define ORCH_SIZE_POLICY_LATEST 3

// Operation: types `data` and `len`, all of it or, when the queue has no room for all, nothing.
#define ORCH_OP_INPUT 1

// Operation: changes the size to `window`.
#define ORCH_OP_RESIZE 2

// Operation: sets the mode `value`, one of ORCH_MODE_*.
#define ORCH_OP_SET_MODE 3

// Operation: sends the signal `signal` to `value`, one of ORCH_SIGNAL_*.
#define ORCH_OP_SIGNAL 4

// Operation: types `data` and `len` as `orch_terminal_paste` does.
#define ORCH_OP_PASTE 5

// Operation: clears the screen as `orch_terminal_clear_screen` does.
#define ORCH_OP_CLEAR 6

// Operation: scrolls `reader` back to `value` rows as `orch_reader_scroll_to` does.
#define ORCH_OP_SCROLL_TO 7

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

// Colour: the terminal's own foreground, background or, for an underline, the colour of the text.
#define ORCH_COLOR_DEFAULT 0

// Colour, 0x01000000 plus a number: one of the palette's 256. 0 to 7 plain, 8 to 15 bright, 16 to 231 a
// cube, 232 to 255 grey.
#define ORCH_COLOR_INDEXED 16777216

// Colour, 0x02000000 plus 0xRRGGBB: a colour by its parts.
#define ORCH_COLOR_RGB 33554432

// Underline: none.
#define ORCH_UNDERLINE_NONE 0

// Underline: one line.
#define ORCH_UNDERLINE_SINGLE 1

// Underline: two lines.
#define ORCH_UNDERLINE_DOUBLE 2

// Underline: a wave.
#define ORCH_UNDERLINE_CURLY 3

// Underline: dots.
#define ORCH_UNDERLINE_DOTTED 4

// Underline: dashes.
#define ORCH_UNDERLINE_DASHED 5

// Attribute: bold.
#define ORCH_ATTRIBUTE_BOLD 1

// Attribute: faint.
#define ORCH_ATTRIBUTE_DIM 2

// Attribute: italic.
#define ORCH_ATTRIBUTE_ITALIC 4

// Attribute: foreground and background are exchanged.
#define ORCH_ATTRIBUTE_INVERSE 8

// Attribute: not to be seen.
#define ORCH_ATTRIBUTE_HIDDEN 16

// Attribute: struck through.
#define ORCH_ATTRIBUTE_STRIKEOUT 32

// Attribute: blinking.
#define ORCH_ATTRIBUTE_BLINK 64

// Run flag: each character takes two columns, else one. A run with combining characters is one cell.
#define ORCH_RUN_WIDE 1

// Row flag: the line goes on in the row below.
#define ORCH_ROW_WRAPPED 1

// Cursor shape: a filled cell.
#define ORCH_CURSOR_SHAPE_BLOCK 0

// Cursor shape: a line under the cell.
#define ORCH_CURSOR_SHAPE_UNDERLINE 1

// Cursor shape: a line left of the cell.
#define ORCH_CURSOR_SHAPE_BAR 2

// Cursor flag: it is shown.
#define ORCH_CURSOR_VISIBLE 1

// Cursor flag: it blinks.
#define ORCH_CURSOR_BLINKING 2

// Screen mode: the alternate screen is in use.
#define ORCH_SCREEN_MODE_ALTERNATE 1

// Screen mode: cursor keys send application sequences (DECCKM).
#define ORCH_SCREEN_MODE_APPLICATION_CURSOR 2

// Screen mode: the keypad sends application sequences (DECKPAM).
#define ORCH_SCREEN_MODE_APPLICATION_KEYPAD 4

// Screen mode: pasted text is bracketed (2004).
#define ORCH_SCREEN_MODE_BRACKETED_PASTE 8

// Screen mode: clicks are reported (1000).
#define ORCH_SCREEN_MODE_MOUSE_CLICKS 16

// Screen mode: clicks and drags are reported (1002).
#define ORCH_SCREEN_MODE_MOUSE_DRAGS 32

// Screen mode: all motion of the mouse is reported (1003).
#define ORCH_SCREEN_MODE_MOUSE_MOTION 64

// Screen mode: the mouse is reported in SGR form (1006).
#define ORCH_SCREEN_MODE_MOUSE_SGR 128

// Screen mode: the mouse is reported in UTF-8 form (1005).
#define ORCH_SCREEN_MODE_MOUSE_UTF8 256

// Screen mode: gain and loss of the focus are reported (1004).
#define ORCH_SCREEN_MODE_FOCUS_REPORTS 512

// Screen mode: the wheel moves the cursor on the alternate screen (1007).
#define ORCH_SCREEN_MODE_ALTERNATE_SCROLL 1024

// Screen mode: text wraps at the right edge (DECAWM).
#define ORCH_SCREEN_MODE_AUTO_WRAP 2048

// Screen mode: positions count from the scroll region (DECOM).
#define ORCH_SCREEN_MODE_ORIGIN 4096

// Screen mode: text is inserted (IRM).
#define ORCH_SCREEN_MODE_INSERT 8192

// Screen mode: a line feed also returns (LNM).
#define ORCH_SCREEN_MODE_LINE_FEED_NEW_LINE 16384

// Screen mode: the mouse is reported in urxvt's form (1015).
#define ORCH_SCREEN_MODE_MOUSE_URXVT 32768

// Screen mode: the mouse is reported in SGR form, in pixels (1016).
#define ORCH_SCREEN_MODE_MOUSE_PIXELS 65536

// Screen mode: presses of buttons alone are reported, in the form of X10 (9).
#define ORCH_SCREEN_MODE_MOUSE_PRESSES 131072

// Screen mode: a change of the colour scheme is reported (2031).
#define ORCH_SCREEN_MODE_COLOR_SCHEME_REPORTS 262144

// Screen mode: the colours of text and background are exchanged on the whole screen (DECSCNM).
#define ORCH_SCREEN_MODE_REVERSE_SCREEN 524288

// Bits 24 to 28 of the screen modes: the flags of the kitty keyboard protocol.
#define ORCH_SCREEN_MODES_KEYBOARD 520093696

// Bits 29 and 30 of the screen modes: the level of xterm's modifyOtherKeys, 0 to 2.
#define ORCH_SCREEN_MODES_OTHER_KEYS 1610612736

// Update flag: nothing that was known before counts any more; `rows` is all that is seen.
#define ORCH_UPDATE_FULL 1

// File type: a regular file.
#define ORCH_FILE_TYPE_FILE 1

// File type: a directory.
#define ORCH_FILE_TYPE_DIRECTORY 2

// File type: a symbolic link; what it leads to is not looked at.
#define ORCH_FILE_TYPE_SYMLINK 3

// File type: a device, a fifo or a socket.
#define ORCH_FILE_TYPE_OTHER 4

// Problem: none.
#define ORCH_WATCH_PROBLEM_NONE 0

// Problem: a directory must not be read or searched, also one above a root; what was known of it stays.
#define ORCH_WATCH_PROBLEM_UNREADABLE 1

// Problem: the system has no inotify watch left (fs.inotify.max_user_watches); what has none is polled.
#define ORCH_WATCH_PROBLEM_OUT_OF_WATCHES 2

// Problem: there are as many entries as are allowed; some are left out.
#define ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES 3

// Problem: the kernel dropped events (fs.inotify.max_queued_events); everything is listed again.
#define ORCH_WATCH_PROBLEM_EVENTS_LOST 4

// Problem: a root is gone. It is found again when it comes back.
#define ORCH_WATCH_PROBLEM_ROOT_GONE 5

// Problem: the system refused to open or list a directory; it is tried again.
#define ORCH_WATCH_PROBLEM_REFUSED 6

// Problem: there are more ignore rules than are read; the rest of their file does not count.
#define ORCH_WATCH_PROBLEM_TOO_MANY_RULES 7

// Problem: a directory is in two roots at once, by a symbolic link or a bind mount; its content is in the other one.
#define ORCH_WATCH_PROBLEM_ROOTS_OVERLAP 8

// Problem: the saved tree in `since` of orch_watch_options is damaged, of another version of the form, of other
// roots, or too large: the watch begins afresh. Comes as a warning only; `save_problem` of the state says which.
#define ORCH_WATCH_PROBLEM_SAVE_UNUSABLE 9

// Why a saved tree is of no use: it is not.
#define ORCH_SAVE_PROBLEM_NONE 0

// Why a saved tree is of no use: it is none, or not the whole of one, or some of its bytes are others.
#define ORCH_SAVE_PROBLEM_DAMAGED 1

// Why a saved tree is of no use: it was saved in another version of the form.
#define ORCH_SAVE_PROBLEM_OTHER_VERSION 2

// Why a saved tree is of no use: it is of other roots.
#define ORCH_SAVE_PROBLEM_OTHER_ROOTS 3

// Why a saved tree is of no use: it has more entries than the watch may hold.
#define ORCH_SAVE_PROBLEM_TOO_MANY_ENTRIES 4

// File flag: a directory that is one entry: what is in it is not watched.
#define ORCH_FILE_FLAG_IGNORED 1

// File flag: another file has taken the place of this one, or it has taken the place of another one.
#define ORCH_FILE_FLAG_REPLACED 2

// Watch state: the tree has been read for the first time.
#define ORCH_WATCH_IS_READY 1

// Watch state: nothing waits to be listed: the tree equals the disk as far as events are known.
#define ORCH_WATCH_IS_COMPLETE 2

// Watch state: everything is watched and nothing is left out.
#define ORCH_WATCH_IS_HEALTHY 4

// File event: the entry is new.
#define ORCH_FILE_EVENT_CREATE 1

// File event: its content is different; with ORCH_FILE_FLAG_REPLACED it is another file under the same name,
// as atomic saves leave it.
#define ORCH_FILE_EVENT_MODIFY 2

// File event: only its attributes are different: permissions, owner, number of links.
#define ORCH_FILE_EVENT_METADATA 3

// File event: it was opened for writing and closed, and looks as before.
#define ORCH_FILE_EVENT_TOUCH 4

// File event: it is gone. What was in a directory is deleted before it.
#define ORCH_FILE_EVENT_DELETE 5

// File event: it was at `from` before, and what is in it moved along; with ORCH_FILE_FLAG_REPLACED it took the
// place of a file.
#define ORCH_FILE_EVENT_RENAME 6

// Collection: sessions, by an id that their maker chose.
#define ORCH_COLLECTION_SESSIONS 1

// Collection: panes, by an id that their maker chose.
#define ORCH_COLLECTION_PANES 2

// Collection: what is known of terminals.
#define ORCH_COLLECTION_TERMINALS 4

// Collection: what is known of files in published watches (`orch_watch_set_published`).
#define ORCH_COLLECTION_FILES 8

// All collections.
#define ORCH_COLLECTION_ALL 15

// Content of a pane: nothing; also when the terminal that it showed is gone.
#define ORCH_PANE_EMPTY 0

// Content of a pane: the terminal `terminal`.
#define ORCH_PANE_TERMINAL 1

// Content of a pane: the file with the absolute path `data`, at most 4,096 bytes. It need not exist.
#define ORCH_PANE_FILE 2

// Content of a pane: something of the host's, `data`: UTF-8, at most 256 bytes.
#define ORCH_PANE_CUSTOM 3

// For the base of a change: it is made whatever the entry is at, the last writer wins.
#define ORCH_STATE_NO_BASE UINT64_MAX

// Change: sets `session`, new or in place of what was there.
#define ORCH_STATE_OP_SET_SESSION 1

// Change: removes the session `id` with all its panes. No effect if it is not there.
#define ORCH_STATE_OP_REMOVE_SESSION 2

// Change: sets `pane`, new or in place of what was there. It joins its session at the end of the list, unless
// the session lists it, and leaves the one that it was in.
#define ORCH_STATE_OP_SET_PANE 3

// Change: removes the pane `id`, from its session's list too. No effect if it is not there.
#define ORCH_STATE_OP_REMOVE_PANE 4

// Peer event: the other engine has let us in; ORCH_PEER_IS_RESUMED in `flags` if the state goes on from the
// version that we have, else all of it comes anew.
#define ORCH_PEER_CONNECTED 1

// Peer event: there is no connection (any more): `data` says why, `retry_in_ms` when it is tried again.
// Requests without an answer have been answered with ORCH_REMOTE_DISCONNECTED before.
#define ORCH_PEER_DISCONNECTED 2

// Peer event: the copy is the other engine's state of `version`; ORCH_PEER_IS_FULL if it came anew as a whole.
#define ORCH_PEER_STATE 3

// Peer event: output of `terminal` comes from `offset` on. Again after each time that the connection was
// made anew.
#define ORCH_PEER_ATTACHED 4

// Peer event: `terminal` is gone, or could not be attached to; or the host wanted it.
#define ORCH_PEER_DETACHED 5

// Peer event: output of `terminal`: `data` and `len`, from `offset` up to `end`. An `offset` beyond the `end`
// of the one before leaves out questions of the program that the other engine has answered.
#define ORCH_PEER_OUTPUT 6

// Peer event: output of `terminal` from `offset` up to `end` is lost to us.
#define ORCH_PEER_GAP 7

// Peer event: the screen of `terminal` instead of the bytes before `offset`: clear, set the size `window`, write
// `data` of all parts. ORCH_PEER_HAS_MORE if another part follows; if it does not because the connection
// broke, a new snapshot comes later.
#define ORCH_PEER_SNAPSHOT 8

// Peer event: what changed on the screen of `terminal`: `update`, whose generation rises with each update of this
// peer.
#define ORCH_PEER_SCREEN 9

// Peer event: the program in `terminal` has ended: `exit_kind`, `exit_value`; `offset` is after its last byte,
// and everything before has come.
#define ORCH_PEER_ENDED 10

// Peer event: what became of the request `number`: `answer`.
#define ORCH_PEER_ANSWER 11

// Peer event: the change set `number` was committed as `version.n` (the epoch is not told); its effect is in
// the copy.
#define ORCH_PEER_APPLIED 12

// Peer event: the change set `number` was refused: `code`, and `data` for a person. With
// ORCH_REMOTE_DISCONNECTED nobody knows: compare the state.
#define ORCH_PEER_REJECTED 13

// Peer event: the other engine complains about something that has no number, such as input: `data`.
#define ORCH_PEER_PROBLEM 14

// Peer event: we held the program in `terminal` back for longer than the token allows, so what comes from
// `offset` on comes in another way: `code`, one of ORCH_DELIVERY_*, ORCH_DELIVERY_SCREEN so far. Attach anew for bytes.
#define ORCH_PEER_MODE_CHANGED 15

// Peer event flag: see ORCH_PEER_CONNECTED.
#define ORCH_PEER_IS_RESUMED 1

// Peer event flag: see ORCH_PEER_STATE.
#define ORCH_PEER_IS_FULL 2

// Peer event flag: another part of the snapshot follows; a search has found more than it tells.
#define ORCH_PEER_HAS_MORE 4

// Answer: it is done (ends a watch).
#define ORCH_REPLY_DONE 1

// Answer: it was refused, or the answer was lost: `code`, and `data` for a person.
#define ORCH_REPLY_FAILED 2

// Answer to a batch: `statuses`, one for each operation.
#define ORCH_REPLY_RESULTS 3

// Answer: a program was started in `terminal`.
#define ORCH_REPLY_SPAWNED 4

// Answer: files are watched, as `watch`.
#define ORCH_REPLY_WATCHING 5

// Answer to a search: `matches`; ORCH_PEER_HAS_MORE in `flags` if there are more.
#define ORCH_REPLY_MATCHES 6

// Answer to a query: `detail`.
#define ORCH_REPLY_TERMINAL 7

// Another engine refused something: it makes no sense there.
#define ORCH_REMOTE_INVALID 1

// Another engine refused something: the token does not allow it.
#define ORCH_REMOTE_FORBIDDEN 2

// Another engine refused something: what was named does not exist (any more).
#define ORCH_REMOTE_NOT_FOUND 3

// Another engine refused something: a bound was reached.
#define ORCH_REMOTE_LIMIT 4

// Another engine refused something: an entry has changed since the version that the change was made from.
#define ORCH_REMOTE_CONFLICT 5

// Another engine refused something: its host did.
#define ORCH_REMOTE_REFUSED 6

// Another engine refused something: the terminal has ended or is being closed.
#define ORCH_REMOTE_ENDED 7

// Another engine refused something: an operation before it failed.
#define ORCH_REMOTE_SKIPPED 8

// Another engine refused something: the terminal has no screen.
#define ORCH_REMOTE_NO_SCREEN 9

// Another engine refused something: the system did.
#define ORCH_REMOTE_SYSTEM 10

// The connection was lost before the answer came: nobody knows.
#define ORCH_REMOTE_DISCONNECTED 11

// It was cancelled before it was done.
#define ORCH_REMOTE_CANCELLED 12

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

// What changed on the screen since the last such event, for a reader with ORCH_DELIVERY_SCREEN:
// `terminal`, `reader`, `update`.
#define ORCH_EVENT_SCREEN 11

// A snapshot of the screen instead of bytes, for a reader: `terminal`, `reader`, `data` and `len` are
// control sequences that reset a terminal of the size `window` and make it show the same; `offset` is
// that of the next byte that the reader gets, which follows on it.
#define ORCH_EVENT_SNAPSHOT 12

// The screen was cleared when the output was at `offset`, where `reader` is now: the scrollback of what it
// has shown goes, and on the primary screen the rows above the cursor's; what the alternate screen shows
// stays.
#define ORCH_EVENT_CLEARED 13

// A lossless reader lagged more than it was allowed: `reader` gets ORCH_EVENT_SCREEN from now on;
// `value` is its delivery.
#define ORCH_EVENT_DELIVERY_CHANGED 14

// The program set the title of its window: `data` and `len`, UTF-8 without control characters, at most
// 4,096 bytes.
#define ORCH_EVENT_TITLE 15

// The program, often a shell, told its working directory (OSC 7, 9;9, 633): `data` and `len`, an
// absolute path on whatever machine the program runs.
#define ORCH_EVENT_CWD 16

// The program rang the bell, `value` times since the last such event.
#define ORCH_EVENT_BELL 17

// The program wants something to be shown to the user (OSC 9, 777): `title`, which may be empty, and
// `data` and `len`, both UTF-8.
#define ORCH_EVENT_NOTIFICATION 18

// The program asks to set the clipboard (OSC 52) to `data` and `len`, UTF-8, at most 48 KiB; `value` is
// 1 for the primary selection, 0 for the clipboard. Only with ORCH_SCREEN_CLIPBOARD.
#define ORCH_EVENT_CLIPBOARD 19

// A command began, by the marks of the shell (OSC 133, 633): `data` and `len` is the command line, UTF-8,
// if the shell told it.
#define ORCH_EVENT_COMMAND_STARTED 20

// A command ended, by the marks of the shell: `duration_ns` from its start mark; `exit_kind` is
// ORCH_EXIT_CODE with `exit_value`, or ORCH_EXIT_UNKNOWN if the shell did not tell the code.
#define ORCH_EVENT_COMMAND_FINISHED 21

// A watch has read its tree for the first time: `watch`, `version`. What is there comes from
// `orch_watch_get_changes`; from now on batches tell what changes.
#define ORCH_EVENT_WATCH_READY 22

// Files changed: `watch`, `version`, `batch`.
#define ORCH_EVENT_WATCH_BATCH 23

// Everything that happened before a call of `orch_watch_sync` has been told: `watch`, `version`, and in
// `offset` the call's tag.
#define ORCH_EVENT_WATCH_SYNCED 24

// Something keeps a part of a tree from being exact, or makes it slower: `watch`, `value` is one of
// ORCH_WATCH_PROBLEM_*, `data` and `len` is the path.
#define ORCH_EVENT_WATCH_WARNING 25

// A client wants to change the state, and `orch_config.review_changes` is on: `review`. Answer it with
// `orch_review_answer`.
#define ORCH_EVENT_REVIEW 26

// Something happened between us and another engine: `peer` says what; `tag` is that of
// `orch_peer_options`.
#define ORCH_EVENT_PEER 27

// Turns took more processor time than `orch_config.turn_time_warn_us`: `value` of them since the last such
// event. Of the longest: `duration_ns` is its processor time, `end` its time on the clock, `level` the stage
// that took most of it (one of ORCH_STAGE_*), `offset` the time on the clock in that stage (both in
// nanoseconds), `data` and `len` the stage's name. See `orch_engine_turn_stats`.
#define ORCH_EVENT_SLOW_TURN 28

// The program reports other progress of its work (OSC 9;4): `level` is one of ORCH_PROGRESS_*, `value` the percent, 0
// to 100.
#define ORCH_EVENT_PROGRESS 29

// Progress: none is reported.
#define ORCH_PROGRESS_NONE 0

// Progress: the work goes on as it should.
#define ORCH_PROGRESS_NORMAL 1

// Progress: the work has failed.
#define ORCH_PROGRESS_FAILED 2

// Progress: nobody knows how far the work is; the percent means nothing.
#define ORCH_PROGRESS_INDETERMINATE 3

// Progress: the work has paused, or something is to be looked at.
#define ORCH_PROGRESS_PAUSED 4

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
#define ORCH_TERMINAL_RUNNING 1

// State flag: nobody holds the terminal any more.
#define ORCH_TERMINAL_HUNG_UP 2

// State flag: it is being closed.
#define ORCH_TERMINAL_CLOSING 4

// State flag: not read because the host paused it.
#define ORCH_TERMINAL_PAUSED_BY_HOST 8

// State flag: not read because a lossless reader lags.
#define ORCH_TERMINAL_PAUSED_BY_READER 16

// State flag: not read because all logs together have used up `log_bytes_total`.
#define ORCH_TERMINAL_PAUSED_BY_MEMORY 32

// State flag: it has a screen, and the fields from `title` on are known.
#define ORCH_TERMINAL_HAS_SCREEN 64

// State flag: the shell told the exit code of the last command, `last_exit_code`.
#define ORCH_TERMINAL_HAS_EXIT_CODE 128

// Screen option: the engine does not answer the program's questions (where the cursor is, which
// colours there are, what the terminal can). For when the output also goes to another terminal, which
// answers them itself.
#define ORCH_SCREEN_NO_REPLIES 1

// Screen option: programs may ask to set the clipboard (ORCH_EVENT_CLIPBOARD).
#define ORCH_SCREEN_CLIPBOARD 2

// Screen option: programs may read back what is on the screen (checksums of rectangles, DECRQCRA) and the
// titles of the window (CSI 20 t, CSI 21 t). A program then sees what others have written, and text that
// somebody else has put into a title is typed as if the user had entered it, which has been used to run
// commands; leave it off unless all output comes from programs that you trust, as in tests of conformance.
#define ORCH_SCREEN_READBACK 4

// For `orch_line_position.line`: none.
#define ORCH_LINE_NONE UINT64_MAX

// Mark: a prompt begins (OSC 133 or 633, A).
#define ORCH_MARK_PROMPT_START 0

// Mark: the prompt ends, and what the user types begins (B).
#define ORCH_MARK_COMMAND_START 1

// Mark: the command runs, and its output begins (C).
#define ORCH_MARK_OUTPUT_START 2

// Mark: the output ends (D).
#define ORCH_MARK_OUTPUT_END 3

// Search flag: the pattern is a regular expression in the syntax of Rust's regex crate; without
// backreferences and look-around, in a time that is linear in the text.
#define ORCH_SEARCH_REGEX 1

// Search flag: upper and lower case are the same.
#define ORCH_SEARCH_IGNORE_CASE 2

// For `orch_search_options.from`: the oldest row.
#define ORCH_SEARCH_OLDEST INT32_MIN

// Watch flag: `.gitignore` files and git's lists of exclusions do not count.
#define ORCH_WATCH_NO_GITIGNORE 1

// Watch flag: look into `.git` directories.
#define ORCH_WATCH_GIT_DIR 2

// Watch flag: entries whose names begin with a dot are not there.
#define ORCH_WATCH_NO_HIDDEN 4

// Watch flag: look into directories on other devices than their root.
#define ORCH_WATCH_FOLLOW_DEVICES 8


// Scope: read the state, attach to the output of terminals, search, query.
#define ORCH_SCOPE_OBSERVE 1

// Scope: act in what is there: input, paste, resize, interrupt.
#define ORCH_SCOPE_TYPE 2

// Scope: change what is there: spawn, close, signal, change sets, watch files.
#define ORCH_SCOPE_MANAGE 4

// Every scope.
#define ORCH_SCOPE_ALL 7

// Bytes of the text of a token.
#define ORCH_TOKEN_BYTES 43

// Connect flag: large messages are compressed, both ways. On one machine it only costs time.
#define ORCH_CONNECT_COMPRESS 1

// Connect flag: JSON instead of bincode, for an engine of another version, or to be read by people.
#define ORCH_CONNECT_JSON 2

// For `orch_peer_options.retry_attempts`: a connection that fails is not tried again.
#define ORCH_RETRY_NEVER UINT32_MAX

// Status of a peer: a connection is being made.
#define ORCH_PEER_STATUS_CONNECTING 1

// Status of a peer: it has let us in.
#define ORCH_PEER_STATUS_CONNECTED 2

// Status of a peer: a connection is made in `retry_in_ms`.
#define ORCH_PEER_STATUS_WAITING 3

// Status of a peer: it has been given up; see `last_error`.
#define ORCH_PEER_STATUS_FAILED 4

// Circuit breaker: every attempt is made.
#define ORCH_BREAKER_CLOSED 0

// Circuit breaker: none is made.
#define ORCH_BREAKER_OPEN 1

// Circuit breaker: one is made at a time, as a trial.
#define ORCH_BREAKER_HALF_OPEN 2

// Stage of a turn: what the kernel reported is noted.
#define ORCH_STAGE_KERNEL 1

// Stage of a turn: timers that are due.
#define ORCH_STAGE_TIMERS 2

// Stage of a turn: commands of senders.
#define ORCH_STAGE_INBOX 3

// Stage of a turn: reads of terminals that were typed in a moment ago.
#define ORCH_STAGE_TYPING 4

// Stage of a turn: what clients send is read and carried out.
#define ORCH_STAGE_CLIENTS 5

// Stage of a turn: searches and batches of clients, which go on over several turns.
#define ORCH_STAGE_JOBS 6

// Stage of a turn: what other engines send.
#define ORCH_STAGE_PEERS 7

// Stage of a turn: reads of all other terminals.
#define ORCH_STAGE_READS 8

// Stage of a turn: file watches.
#define ORCH_STAGE_WATCHES 9

// Stage of a turn: files are copied into the application state.
#define ORCH_STAGE_STATE 10

// Stage of a turn: what is new is sent to clients.
#define ORCH_STAGE_SENDING 11

// Start of a reader, for `orch_peer_attach` only: with the screen and at most 1,000 rows of scrollback; without
// a screen as ORCH_START_OLDEST.
#define ORCH_START_SCREEN 5

// Operation, for `orch_peer_batch` only: types the interrupt character and drops output that was not sent
// yet.
#define ORCH_OP_INTERRUPT 8

// Operation, for `orch_peer_batch` only: ends the input.
#define ORCH_OP_EOF 9

// Operation, for `orch_peer_batch` only: hangs up; SIGKILL follows after `value` milliseconds.
#define ORCH_OP_CLOSE 10

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
    // Microseconds after which a turn begins no further unit of work. A turn takes at most 10 ms of processor
    // time; only a snapshot with a long scrollback that the host asks for, and a screen of very many cells, may take
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
    // Clients at once; one more is told so and closed. Default 1,024.
    size_t clients;
    // Connections before their welcome that have shown no valid token; beyond it one of them makes room.
    // Default 16.
    size_t clients_pending;
    // Bytes that wait to be sent to one client; output and state are added while there is room, and a client
    // for which more waits is closed. Its largest message of up to 4 MiB does not count. Default 1 MiB.
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
    // Bytes of one terminal's output that may be on their way to one client. Default 1 MiB.
    size_t client_window_bytes;
    // Watches that one client has asked for; one more is refused. Default 8.
    size_t client_watches;
    // Changes of clients that wait for review; one more is refused. Default 64.
    size_t reviews;
    // Milliseconds for a connection to ask, upgrade and say hello; then it is closed. Default 5,000.
    uint32_t client_hello_ms;
    // Milliseconds in which nothing could be sent although something waits, or nothing came of a message that
    // is not finished; then the client is closed. Default 30,000.
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
    // Microseconds of processor time above which a turn is reported (ORCH_EVENT_SLOW_TURN); 20,000 is a
    // good value for a watchdog. Default an hour: none is reported.
    uint32_t turn_time_warn_us;
    // Milliseconds for which clients that may not type may hold a program back by bytes that they do not take;
    // then they go on with updates of the screen, or behind a gap. Default 5,000.
    uint32_t client_hold_ms;
    // Bytes of the unfinished messages of all clients together, about. When they are used up, a client whose
    // unfinished message has more than 16 KiB is read on once others have finished theirs or are gone; one that
    // does not go on for `client_stall_ms` closes its client. At least `client_message_bytes`. Default 64 MiB.
    size_t client_partial_bytes_total;
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

// How the engine keeps a terminal's screen. Fill with `orch_screen_options_init` first.
typedef struct orch_screen_options {
    // `sizeof(orch_screen_options)`.
    size_t size;
    // Rows of scrollback, at most the engine's `scrollback_rows`. Default 1,000.
    size_t scrollback;
    // Sum of ORCH_SCREEN_NO_REPLIES, ORCH_SCREEN_CLIPBOARD and ORCH_SCREEN_READBACK. Default 0.
    uint32_t flags;
    // The foreground that a program is told, 0xRRGGBB. Default light grey.
    uint32_t foreground;
    // The background that a program is told. Default black.
    uint32_t background;
    // The cursor's colour that a program is told. Default light grey.
    uint32_t cursor;
} orch_screen_options;

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
    uint32_t delivery;
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
    // As in `orch_spawn_options`.
    const struct orch_screen_options *screen;
} orch_adopt_options;

// How to attach a reader. Fill with `orch_attach_options_init` first.
typedef struct orch_attach_options {
    // `sizeof(orch_attach_options)`.
    size_t size;
    // ORCH_DELIVERY_LOSSLESS (default), ORCH_DELIVERY_LOSSY or ORCH_DELIVERY_SCREEN.
    uint32_t delivery;
    // One of ORCH_START_*. Default ORCH_START_OLDEST. ORCH_DELIVERY_SCREEN always starts with all of the
    // screen.
    uint32_t start;
    // For ORCH_START_OFFSET and ORCH_START_RESUME: bytes since the terminal's start.
    uint64_t offset;
    // For ORCH_DELIVERY_SCREEN: the shortest time between two updates in microseconds. 0 (the default)
    // is 16,000; for none ORCH_INTERVAL_NONE.
    uint32_t interval_us;
    // For ORCH_DELIVERY_LOSSLESS: makes it ORCH_DELIVERY_SCREEN, instead of stopping the program, once
    // it has read nothing for so many milliseconds while there was something. ORCH_EVENT_DELIVERY_CHANGED
    // tells of it. 0 (the default): however long.
    uint32_t downgrade_age_ms;
    // The same once so many bytes are unread, at most those that the log can keep unread. 0: those, if
    // there is a `downgrade_age_ms`; when both are 0 (the default), it never happens.
    uint64_t downgrade_bytes;
    // For ORCH_START_SNAPSHOT: rows of scrollback.
    size_t scrollback;
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
    // ORCH_OP_INPUT, ORCH_OP_PASTE: the bytes.
    const void *data;
    // ORCH_OP_INPUT, ORCH_OP_PASTE: how many.
    size_t len;
    // ORCH_OP_RESIZE: the size. For a terminal of this engine it sets the policy ORCH_SIZE_POLICY_FIXED.
    struct orch_size window;
    // ORCH_OP_SCROLL_TO: which reader of the terminal.
    uint64_t reader;
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

// A state of a watch's tree. Versions of different epochs do not compare.
typedef struct orch_file_version {
    // Chosen at random for each watch, below 2^53.
    uint64_t epoch;
    // Changes so far; grows with every batch that has events.
    uint64_t n;
} orch_file_version;

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
    uint32_t file_type;
    // ORCH_FILE_FLAG_IGNORED or 0.
    uint32_t flags;
    // Type and permission bits as in `st_mode`.
    uint32_t mode;
    // Always 0.
    uint32_t reserved;
} orch_file_entry;

// What changed since a cursor. To bring a copy up to date: if `full`, empty it; take out the removed ids;
// put in each entry under its id, in place of what it was. While `more` is 1 the copy is between two
// versions, and entries may have parents that come later. A directory that is renamed is told alone: paths
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
    // Entries that are new or different; they lie `entry_stride` bytes apart (`orch_file_entry_at`).
    const struct orch_file_entry *entries;
    // How many.
    size_t entry_count;
    // Bytes from one to the next.
    size_t entry_stride;
} orch_file_changes;

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
    uint32_t flags;
    // The gravest problem at the moment, one of ORCH_WATCH_PROBLEM_*.
    uint32_t problem;
    // Entries of the tree.
    size_t entries;
    // Directories among them.
    size_t directories;
    // Inotify watches in use for what is in the tree.
    size_t kernel_watches;
    // Directories that are polled for want of a watch.
    size_t polled_directories;
    // Directories that must not be read.
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
    uint32_t save_problem;
} orch_watch_state;

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

// A word of the host's own about a session or a pane. UTF-8 both.
typedef struct orch_key_value {
    // 1 to 64 bytes; an entry has each key once.
    struct orch_bytes key;
    // At most 4 KiB.
    struct orch_bytes value;
} orch_key_value;

// An ordered group of panes. To set one, fill it with zeroes and set `size` first.
typedef struct orch_session {
    // `sizeof(orch_session)`: set by the host for one that it gives or has filled, by the library in
    // arrays, where it is also the distance from one to the next.
    size_t size;
    // 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`, chosen by its maker.
    struct orch_bytes id;
    // The `n` at which it last changed. Not looked at when a host sets it.
    uint64_t version;
    // What to call it; UTF-8, at most 1 KiB.
    struct orch_bytes name;
    // The ids of its panes in order. When it is set, panes that it leaves out are kept behind, in their old
    // order.
    const struct orch_bytes *panes;
    // How many.
    size_t pane_count;
    // The host's own: at most 32 pairs, 16 KiB together; told in the order of the keys.
    const struct orch_key_value *metadata;
    // How many.
    size_t metadata_count;
} orch_session;

// A place that shows something. To set one, fill it with zeroes and set `size` first.
typedef struct orch_pane {
    // `sizeof(orch_pane)`, as in `orch_session`.
    size_t size;
    // Made as a session's.
    struct orch_bytes id;
    // The `n` at which it last changed. Not looked at when a host sets it.
    uint64_t version;
    // The id of its session, which has to exist.
    struct orch_bytes session;
    // What to call it; UTF-8, at most 1 KiB.
    struct orch_bytes title;
    // What it shows, one of ORCH_PANE_*.
    uint32_t content;
    // Must be 0.
    uint32_t reserved;
    // ORCH_PANE_TERMINAL: which, one that exists. Otherwise 0.
    uint64_t terminal;
    // ORCH_PANE_FILE, ORCH_PANE_CUSTOM: see there. Otherwise no bytes.
    struct orch_bytes data;
    // As in `orch_session`.
    const struct orch_key_value *metadata;
    // How many.
    size_t metadata_count;
} orch_pane;

// One operation of a change set. Set fields that its kind does not name to 0.
typedef struct orch_state_op {
    // One of ORCH_STATE_OP_SET_SESSION and the like.
    uint32_t kind;
    // Must be 0.
    uint32_t reserved;
    // The `version` of the entry that it was built on, before the change set: if the entry is at another
    // one, the set is refused with ORCH_E_CONFLICT. 0: there must be none. ORCH_STATE_NO_BASE: any.
    uint64_t base;
    // Which entry. May be left out for one that is set; then its own id counts.
    struct orch_bytes id;
    // ORCH_STATE_OP_SET_SESSION: the session.
    const struct orch_session *session;
    // ORCH_STATE_OP_SET_PANE: the pane.
    const struct orch_pane *pane;
} orch_state_op;

// A version of the application state. Versions of different epochs do not compare.
typedef struct orch_state_version {
    // Chosen at random for each engine, below 2^53.
    uint64_t epoch;
    // Change sets so far. An entry's `version` is the `n` at which it last changed.
    uint64_t n;
} orch_state_version;

// Which operation a change set was refused for.
typedef struct orch_state_refusal {
    // `sizeof(orch_state_refusal)`, set by the host.
    size_t size;
    // The operation, counted from 0.
    size_t index;
    // ORCH_E_CONFLICT: the version that the entry is at; 0 if there is none.
    uint64_t version;
    // ORCH_E_CONFLICT: where the entry is, ORCH_COLLECTION_SESSIONS or ORCH_COLLECTION_PANES.
    uint32_t collection;
    // Always 0.
    uint32_t reserved;
} orch_state_refusal;

// The cursor.
typedef struct orch_screen_cursor {
    // Row, 0 at the top of the screen.
    uint16_t row;
    // Column, 0 at the left.
    uint16_t col;
    // One of ORCH_CURSOR_SHAPE_BLOCK, ORCH_CURSOR_SHAPE_UNDERLINE, ORCH_CURSOR_SHAPE_BAR.
    uint32_t shape;
    // Sum of ORCH_CURSOR_VISIBLE and ORCH_CURSOR_BLINKING.
    uint32_t flags;
} orch_screen_cursor;

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

// A link on text, by OSC 8.
typedef struct orch_link {
    // Text with the same id and address is one link, also in several places. UTF-8.
    struct orch_bytes id;
    // Where it leads, as the program wrote it: do not open it unasked. UTF-8.
    struct orch_bytes uri;
} orch_link;

// Neighbouring characters of a row that look the same.
typedef struct orch_run {
    // The characters, UTF-8.
    struct orch_bytes text;
    // The link that they are part of; NULL for none.
    const struct orch_link *link;
    // Colour of the text: ORCH_COLOR_DEFAULT, or ORCH_COLOR_INDEXED or ORCH_COLOR_RGB plus which.
    uint32_t foreground;
    // Colour behind the text.
    uint32_t background;
    // Colour of the underline.
    uint32_t underline_color;
    // One of ORCH_UNDERLINE_*.
    uint16_t underline;
    // Sum of ORCH_ATTRIBUTE_*.
    uint16_t attributes;
    // Columns that the characters take together.
    uint16_t cols;
    // Sum of ORCH_RUN_*.
    uint16_t flags;
    // Always 0.
    uint32_t reserved;
} orch_run;

// A place in the text of the primary screen and its scrollback that stays when rows scroll away and when the size
// changes.
//
// A line is what ends with a line feed, however many rows it takes (one of more than 16 KiB counts as several). Lines are
// numbered from the first one that the terminal has shown, and no number is used twice for lines of the scrollback. A line
// that is on the screen has its number in advance: it changes when the program inserts or deletes lines above it, or breaks
// or joins them, and is final when the line goes to the scrollback. Lines of the alternate screen have no numbers.
typedef struct orch_line_position {
    // Number of the line; ORCH_LINE_NONE for no place.
    uint64_t line;
    // Columns of the line before the place, over all of its rows.
    uint64_t col;
} orch_line_position;

// One row of a screen or its scrollback.
typedef struct orch_row {
    // Its place: 0 is the top row of the screen, -1 the newest row of the scrollback.
    int32_t index;
    // Sum of ORCH_ROW_*.
    uint32_t flags;
    // The runs from the left; what is right of the last one is blank, in the default style. See
    // `orch_run_at`.
    const struct orch_run *runs;
    // How many.
    size_t run_count;
    // The place of its first column in its line, as it was when the row was asked for or sent; ORCH_LINE_NONE on the
    // alternate screen, and in rows of another engine, for which see `orch_screen_update.line`.
    struct orch_line_position line;
} orch_row;

// Rows, from the top. Elements may be larger than this header knows: go through them with
// `orch_row_at` and `orch_run_at`, or by the strides.
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
    uint32_t flags;
    // Sum of ORCH_SCREEN_MODE_*, and the numbers behind ORCH_SCREEN_MODES_*.
    uint32_t modes;
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
    // The title, UTF-8, when it changed or everything is told; else `data` is NULL.
    struct orch_bytes title;
    // Rows that moved; elements lie `scroll_stride` bytes apart (`orch_scroll_at`).
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

// One change of a file.
typedef struct orch_file_event {
    // One of ORCH_FILE_EVENT_CREATE and the like.
    uint32_t kind;
    // What it is, or was: one of ORCH_FILE_TYPE_FILE and the like.
    uint32_t file_type;
    // Sum of ORCH_FILE_FLAG_IGNORED and ORCH_FILE_FLAG_REPLACED.
    uint32_t flags;
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
typedef struct orch_file_batch {
    // Size of this struct as the library has it.
    size_t size;
    // 1: the tree equals the disk as far as events are known; 0: directories are still being listed, and
    // more batches follow.
    uint32_t complete;
    // Always 0.
    uint32_t reserved;
    // The changes; elements lie `event_stride` bytes apart (`orch_file_event_at`).
    const struct orch_file_event *events;
    // How many.
    size_t event_count;
    // Bytes from one to the next.
    size_t event_stride;
    // What was counted instead of listed; elements lie `summary_stride` bytes apart
    // (`orch_file_summary_at`).
    const struct orch_file_summary *summaries;
    // How many.
    size_t summary_count;
    // Bytes from one to the next.
    size_t summary_stride;
    // How many events there were before some were counted in summaries.
    size_t original_events;
    // How many names came and went again before anybody looked.
    uint64_t vanished;
} orch_file_batch;

// A change set of a client that waits for `orch_review_answer`.
typedef struct orch_state_review {
    // Size of this struct as the library has it.
    size_t size;
    // Names the review.
    uint64_t review;
    // Whose change it is.
    uint64_t client;
    // What it would change, valid when it was made; elements lie `op_stride` bytes apart
    // (`orch_state_op_at`). All have their `id`.
    const struct orch_state_op *ops;
    // How many.
    size_t op_count;
    // Bytes from one to the next.
    size_t op_stride;
} orch_state_review;

// What became of an operation of `orch_peer_batch`.
typedef struct orch_remote_result {
    // 0 for a success, else one of ORCH_REMOTE_*.
    uint32_t code;
    // Always 0.
    uint32_t reserved;
    // Why it was refused, for a person: one line, UTF-8.
    struct orch_bytes message;
} orch_remote_result;

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

// What is known of a terminal of another engine, beyond what its state tells.
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

// Something that happened between us and another engine. Events of one peer come in the order in which they
// happened. Fields that its kind does not name are 0. All that it points to is borrowed as `data` of
// `orch_event` is.
typedef struct orch_peer_event {
    // Size of this struct as the library has it: what a host knows beyond that is not there.
    size_t size;
    // Which peer.
    uint64_t peer;
    // One of ORCH_PEER_CONNECTED and the like. Ignore kinds that you do not know.
    uint32_t kind;
    // Sum of ORCH_PEER_IS_RESUMED and the like.
    uint32_t flags;
    // The terminal of the other engine that the event is about.
    uint64_t terminal;
    // Offset in bytes since the terminal's start; see the kinds.
    uint64_t offset;
    // Offset after the last byte that the event is about.
    uint64_t end;
    // Bytes, or text in UTF-8.
    const uint8_t *data;
    // Bytes in `data`.
    size_t len;
    // ORCH_PEER_SNAPSHOT: the size of the screen in cells.
    struct orch_size window;
    // ORCH_PEER_STATE, ORCH_PEER_APPLIED: the version.
    struct orch_state_version version;
    // ORCH_PEER_ANSWER, _APPLIED, _REJECTED: the number that the call has given.
    uint64_t number;
    // ORCH_PEER_ANSWER: one of ORCH_ANSWER_*. Ignore those that you do not know.
    uint32_t answer;
    // ORCH_PEER_REJECTED, ORCH_REPLY_FAILED: one of ORCH_REMOTE_*. ORCH_PEER_MODE_CHANGED: one of
    // ORCH_DELIVERY_*.
    uint32_t code;
    // ORCH_PEER_ENDED: one of ORCH_EXIT_*.
    uint32_t exit_kind;
    // ORCH_PEER_ENDED: the code or the signal.
    int32_t exit_value;
    // ORCH_PEER_DISCONNECTED: milliseconds until it is tried again; -1 if it is given up.
    int64_t retry_in_ms;
    // ORCH_REPLY_WATCHING: the watch of the other engine.
    uint64_t watch;
    // ORCH_PEER_SCREEN: what changed.
    const struct orch_screen_update *update;
    // ORCH_REPLY_RESULTS: the statuses; elements lie `status_stride` bytes apart (`orch_remote_result_at`).
    const struct orch_remote_result *statuses;
    // How many.
    size_t status_count;
    // Bytes from one to the next.
    size_t status_stride;
    // ORCH_REPLY_MATCHES: the matches in the order of the text; elements lie `match_stride` bytes apart
    // (`orch_peer_match_at`).
    const struct orch_match *matches;
    // How many.
    size_t match_count;
    // Bytes from one to the next.
    size_t match_stride;
    // ORCH_REPLY_TERMINAL: what is known.
    const struct orch_peer_terminal *detail;
    // ORCH_PEER_SNAPSHOT: the place of the first row that it shows. Otherwise ORCH_LINE_NONE.
    struct orch_line_position line;
} orch_peer_event;

// An event. Fields that its kind does not name are 0.
typedef struct orch_event {
    // `sizeof(orch_event)`, set by the host.
    size_t size;
    // One of ORCH_EVENT_*. Ignore kinds that you do not know.
    uint32_t kind;
    // ORCH_EVENT_LOG: one of ORCH_LOG_*. ORCH_EVENT_SLOW_TURN: one of ORCH_STAGE_*.
    // ORCH_EVENT_PROGRESS: one of ORCH_PROGRESS_*.
    uint32_t level;
    // The terminal that the event is about.
    uint64_t terminal;
    // The reader that the event is for.
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
    // ORCH_EVENT_EXITED, ORCH_EVENT_COMMAND_FINISHED: one of ORCH_EXIT_*.
    uint32_t exit_kind;
    // ORCH_EVENT_EXITED, ORCH_EVENT_COMMAND_FINISHED: the code or the signal.
    int32_t exit_value;
    // ORCH_EVENT_EXITED: 1 if a core was dumped.
    uint32_t core_dumped;
    // ORCH_EVENT_SCREEN: what changed, with everything in it borrowed as `data` is.
    const struct orch_screen_update *update;
    // ORCH_EVENT_NOTIFICATION: its title, borrowed as `data` is.
    struct orch_bytes title;
    // ORCH_EVENT_COMMAND_FINISHED: how long the command took, in nanoseconds. ORCH_EVENT_SLOW_TURN: the
    // processor time of the turn.
    uint64_t duration_ns;
    // ORCH_EVENT_SNAPSHOT: the size of the screen.
    struct orch_size window;
    // A number; see the kinds.
    uint32_t value;
    // Always 0.
    uint32_t reserved;
    // The file watch that the event is about; then `tag` is the watch's.
    uint64_t watch;
    // ORCH_EVENT_WATCH_READY, _BATCH, _SYNCED: the state of the tree.
    struct orch_file_version version;
    // ORCH_EVENT_WATCH_BATCH: what changed, with everything in it borrowed as `data` is.
    const struct orch_file_batch *batch;
    // ORCH_EVENT_REVIEW: the change set, with everything in it borrowed as `data` is.
    const struct orch_state_review *review;
    // ORCH_EVENT_PEER: what happened, with everything in it borrowed as `data` is.
    const struct orch_peer_event *peer;
    // ORCH_EVENT_SNAPSHOT: the place of the first row that it shows. Otherwise ORCH_LINE_NONE.
    struct orch_line_position line;
} orch_event;

// A reader as a state query shows it.
typedef struct orch_reader_state {
    // Its id.
    uint64_t reader;
    // One of ORCH_DELIVERY_*.
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
    // The leader of the foreground process group, or once that has ended, as the first program of a pipeline
    // may, the living member that the shell started last. 0 if there is none.
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
    // The title that the program set, UTF-8; none if it did not.
    struct orch_bytes title;
    // The working directory that the program told, on whatever machine it runs; none if it did not.
    struct orch_bytes reported_cwd;
    // The cursor of the screen.
    struct orch_screen_cursor cursor;
    // As in `orch_screen_update`.
    uint32_t modes;
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
    // Who decides over the size, one of ORCH_SIZE_*.
    uint32_t size_policy;
    // Progress of the program's work, as it reports it: one of ORCH_PROGRESS_*.
    uint32_t progress;
    // Its percent, 0 to 100.
    uint32_t progress_percent;
    // 0.
    uint32_t reserved;
} orch_terminal_state;

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

// A place that the program has marked. It stays with its text, and vanishes with it.
typedef struct orch_mark {
    // One of ORCH_MARK_*. Ignore kinds that you do not know.
    uint32_t kind;
    // Always 0.
    uint32_t reserved;
    // Where.
    struct orch_line_position position;
} orch_mark;

// The marks of a terminal.
typedef struct orch_marks {
    // `sizeof(orch_marks)`, set by the host.
    size_t size;
    // The marks in the order of the text; elements lie `mark_stride` bytes apart (`orch_mark_at`).
    const struct orch_mark *marks;
    // How many.
    size_t mark_count;
    // Bytes from one to the next.
    size_t mark_stride;
} orch_marks;

// What to search and where. Fill with `orch_search_options_init` first.
typedef struct orch_search_options {
    // `sizeof(orch_search_options)`.
    size_t size;
    // Text or an expression, UTF-8, 1 to 16,384 bytes; with a flag 1 to 2,048, and no larger when compiled
    // than what takes about a millisecond.
    struct orch_bytes pattern;
    // Sum of ORCH_SEARCH_REGEX and ORCH_SEARCH_IGNORE_CASE. Default 0.
    uint32_t flags;
    // The first row to look at: 0 is the top of the screen, -1 the newest row of the scrollback.
    // Default ORCH_SEARCH_OLDEST.
    int32_t from;
    // The most rows to look at. Each row of a line that wraps counts. A line that does not fit into what
    // is left is kept for the next call; one that is longer than all is looked at in parts of this size,
    // and a match over the end of a part is not found whole. Default 10,000, also for 0.
    size_t rows_max;
    // The most matches to find. Default 1,000, also for 0.
    size_t matches_max;
    // The column to begin at, in the row `from`. Default 0.
    uint32_t from_col;
    // Always 0.
    uint32_t reserved;
    // The place to begin at in place of `from`; if its line is gone, the oldest one. Of no effect on the alternate screen.
    // Default ORCH_LINE_NONE.
    struct orch_line_position from_line;
} orch_search_options;

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

// What to watch and how. Fill with `orch_watch_options_init` first. 0 means the default.
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
    // How long a name has to be quiet before it is looked at, in milliseconds, 0 to 60,000. 0 is no
    // wait. Default 50.
    uint32_t window_ms;
    // When a name that is never quiet is looked at, in milliseconds, at most 600,000; not below the
    // window. Default 500.
    uint32_t max_wait_ms;
    // Sum of ORCH_WATCH_NO_GITIGNORE and the like. Default 0.
    uint32_t flags;
    // Kinds of events to tell: sum of `1 << ORCH_FILE_EVENT_CREATE` and the like. 0: all.
    uint32_t kinds;
    // A batch with more events is shortened by summaries. What happens while a batch is unread counts together with
    // it. Default 100; ORCH_WATCH_NO_SUMMARIES for never.
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

// What the state knows of a terminal.
typedef struct orch_state_terminal {
    // `sizeof(orch_state_terminal)`, as in `orch_session`.
    size_t size;
    // Its id.
    uint64_t terminal;
    // The `n` at which this last changed.
    uint64_t version;
    // The title that its program has set, UTF-8.
    struct orch_bytes title;
    // Its working directory: as the program reports it, else that of the program in the foreground, once the engine
    // listens for clients; `data` is NULL if it is not known.
    struct orch_bytes cwd;
    // Columns.
    uint16_t cols;
    // Rows.
    uint16_t rows;
    // ORCH_TERMINAL_RUNNING, ORCH_TERMINAL_CLOSING and ORCH_TERMINAL_HAS_SCREEN, or a sum of them.
    uint32_t flags;
    // The process of its program; 0 if not known.
    int32_t pid;
    // How the program ended, one of ORCH_EXIT_*; 0 while it runs.
    uint32_t exit_kind;
    // The exit code or the signal.
    int32_t exit_value;
    // Always 0.
    uint32_t reserved;
} orch_state_terminal;

// What the state knows of a file or directory in a published watch.
typedef struct orch_state_file {
    // `sizeof(orch_state_file)`, as in `orch_session`.
    size_t size;
    // The watch.
    uint64_t watch;
    // Names it in the watch, as in `orch_file_entry`.
    uint64_t id;
    // The `n` at which this last changed.
    uint64_t version;
    // The directory that it is in; 0 for a root.
    uint64_t parent;
    // Its name in that directory, not necessarily UTF-8; a root's absolute path.
    struct orch_bytes name;
    // Bytes; 0 for a directory.
    uint64_t bytes;
    // Last change of the content in microseconds since 1970; 0 for a directory.
    int64_t modified_us;
    // One of ORCH_FILE_TYPE_FILE and the like.
    uint32_t file_type;
    // ORCH_FILE_FLAG_IGNORED or 0.
    uint32_t flags;
    // Type and permission bits as in `st_mode`.
    uint32_t mode;
    // Always 0.
    uint32_t reserved;
} orch_state_file;

// How far a host has read the changes of the state. All 0: nothing, so that it gets everything. With the
// fields of a version and the rest 0: what was there at that version. It may be copied.
typedef struct orch_state_cursor {
    // The epoch that the rest belongs to.
    uint64_t epoch;
    // The version that the host's copy has for certain.
    uint64_t n;
    // Where a read that is under way goes on; the library's.
    uint64_t rest[8];
} orch_state_cursor;

// Names an entry of the state.
typedef struct orch_state_key {
    // One of ORCH_COLLECTION_*.
    uint32_t collection;
    // Always 0.
    uint32_t reserved;
    // The id of a session or a pane. Otherwise no bytes.
    struct orch_bytes text;
    // The terminal, or the file's id in its watch. Otherwise 0.
    uint64_t id;
    // The watch of a file. Otherwise 0.
    uint64_t watch;
} orch_state_key;

// What changed in the state since a cursor. To bring a copy up to date: if `full`, empty it; take out the
// removed keys; put in each entry under its key, in place of what it was. While `more` is 1 the copy is
// between two versions: a pane may name a session that comes later.
typedef struct orch_state_changes {
    // `sizeof(orch_state_changes)`, set by the host.
    size_t size;
    // The version to come back with. With `more` 0 the copy equals the state of this version.
    struct orch_state_version version;
    // 1: the cursor was too old or of another epoch; this begins with an empty copy.
    uint32_t full;
    // 1: there is more to read at once.
    uint32_t more;
    // Keys of entries that are gone; the host may never have known some of them. Elements lie
    // `removed_stride` bytes apart (`orch_state_removed_at`).
    const struct orch_state_key *removed;
    // How many.
    size_t removed_count;
    // Bytes from one to the next.
    size_t removed_stride;
    // Sessions that are new or different (`orch_session_at`).
    const struct orch_session *sessions;
    // How many.
    size_t session_count;
    // Bytes from one to the next.
    size_t session_stride;
    // Panes that are new or different (`orch_pane_at`).
    const struct orch_pane *panes;
    // How many.
    size_t pane_count;
    // Bytes from one to the next.
    size_t pane_stride;
    // Terminals that are new or different (`orch_state_terminal_at`).
    const struct orch_state_terminal *terminals;
    // How many.
    size_t terminal_count;
    // Bytes from one to the next.
    size_t terminal_stride;
    // Files that are new or different (`orch_state_file_at`).
    const struct orch_state_file *files;
    // How many.
    size_t file_count;
    // Bytes from one to the next.
    size_t file_stride;
} orch_state_changes;

// Where to listen. Fill with `orch_listener_options_init` first.
//
// Every connection needs a token (`orch_token_add`), on a Unix socket too. Over TCP the `Host` of a request
// must be a name that the engine listens under (`127.0.0.1`, `localhost` and `[::1]` with the port, and
// `hosts`), and a browser's page is let in only if its origin is one of `origins`. Pointers are read during
// the call only.
typedef struct orch_listener_options {
    // `sizeof(orch_listener_options)`.
    size_t size;
    // An IP address with a port, as "127.0.0.1:0" or "[::1]:8000"; port 0 takes a free one. Or the absolute
    // path of a Unix socket, in a directory that is this user's alone (mode 0700), which is made if it is
    // not there.
    struct orch_bytes address;
    // More names that requests may be addressed to, with their port ("name:port"). UTF-8.
    const struct orch_bytes *hosts;
    // Elements of `hosts`.
    size_t host_count;
    // Origins whose pages may connect ("https://name:port"). UTF-8.
    const struct orch_bytes *origins;
    // Elements of `origins`.
    size_t origin_count;
    // 1: an address that is not loopback is allowed. The connection is not encrypted: whoever sees it sees
    // the token. Default 0.
    uint32_t allow_remote;
    // Must be 0.
    uint32_t reserved;
} orch_listener_options;

// What a token is like. Fill with `orch_token_options_init` first.
//
// Pointers are read during the call only.
typedef struct orch_token_options {
    // `sizeof(orch_token_options)`.
    size_t size;
    // Sum of ORCH_SCOPE_*; at least one. Scopes are independent of each other.
    uint32_t scopes;
    // Must be 0.
    uint32_t reserved;
    // How long it is valid, in milliseconds. 0 (the default): until it is revoked.
    uint64_t expires_in_ms;
    // The secret itself, 32 bytes, for a host that has it from elsewhere. No bytes (the default): made from
    // the system's random source.
    struct orch_bytes secret;
    // A name for people; UTF-8, at most 256 bytes.
    struct orch_bytes label;
} orch_token_options;

// A client that is let in.
typedef struct orch_client_state {
    // `sizeof(orch_client_state)`, set by the host.
    size_t size;
    // Names it.
    uint64_t client;
    // The name that it gave itself, UTF-8, at most 64 bytes.
    struct orch_bytes name;
    // What its token allows, a sum of ORCH_SCOPE_*.
    uint32_t scopes;
    // Always 0.
    uint32_t reserved;
    // Terminals that it is attached to.
    size_t terminals;
    // Bytes that wait to be sent to it.
    size_t queued_bytes;
} orch_client_state;

// Which engine to connect to and how. Fill with `orch_peer_options_init` first. 0 means the default.
//
// Pointers are read during the call only.
typedef struct orch_peer_options {
    // `sizeof(orch_peer_options)`.
    size_t size;
    // Where it listens: an IP address with a port, as "127.0.0.1:8000" or "[::1]:8000"; "unix:" and the path
    // of a Unix socket; or an absolute path. TCP does not encrypt: across a network only through a tunnel.
    struct orch_bytes address;
    // The text of a token that the other engine has made (`orch_token_add`), 1 to 256 bytes.
    struct orch_bytes token;
    // How the other engine names this one in its lists; UTF-8, at most 64 bytes. Default none.
    struct orch_bytes name;
    // The `Host` that the request names, with its port; graphic ASCII. No bytes (the default): the address.
    struct orch_bytes host;
    // Which collections of the state are mirrored, a sum of ORCH_COLLECTION_*. Default all.
    uint32_t collections;
    // Sum of ORCH_CONNECT_COMPRESS and ORCH_CONNECT_JSON. Default 0.
    uint32_t flags;
    // The longest time before the first retry, in milliseconds; it doubles with each. The time is drawn at
    // random below it. Default 100.
    uint32_t retry_initial_ms;
    // The longest time before any retry, in milliseconds; not below `retry_initial_ms`. Default 30,000.
    uint32_t retry_max_ms;
    // Retries in a row before the peer is given up; a connection that held for 10 seconds starts them anew. 0
    // (the default): without an end. For none ORCH_RETRY_NEVER.
    uint32_t retry_attempts;
    // Attempts in a row that fail before the circuit breaker opens, so that none is made for a while.
    // Default 5.
    uint32_t breaker_failures;
    // Attempts in a row that have to succeed before it closes again. Default 1.
    uint32_t breaker_successes;
    // How long it stays open, in milliseconds. Default 10,000.
    uint32_t breaker_open_ms;
    // A number of the host's own; comes back in every event of the peer.
    uint64_t tag;
} orch_peer_options;

// How a peer is at the moment. Texts and arrays are borrowed until the next `orch_peer_get_state` on the
// engine that succeeds.
typedef struct orch_peer_state {
    // `sizeof(orch_peer_state)`, set by the host.
    size_t size;
    // Its id.
    uint64_t peer;
    // The host's own number.
    uint64_t tag;
    // One of ORCH_PEER_STATUS_*.
    uint32_t status;
    // One of ORCH_BREAKER_*.
    uint32_t breaker;
    // Attempts since the last connection that held.
    uint32_t attempts;
    // What our token allows there, a sum of ORCH_SCOPE_*, once it has let us in.
    uint32_t scopes;
    // Name and version of the other engine, once it has let us in; UTF-8.
    struct orch_bytes server;
    // Why there was no connection last, UTF-8; `data` is NULL if there always was one.
    struct orch_bytes last_error;
    // Names of the programs that may be started there; UTF-8.
    const struct orch_bytes *profiles;
    // How many.
    size_t profile_count;
    // Terminals that are attached, or will be.
    const uint64_t *terminals;
    // How many.
    size_t terminal_count;
    // ORCH_PEER_STATUS_WAITING: milliseconds until it is tried again. Otherwise -1.
    int64_t retry_in_ms;
    // How long an answer took last, in nanoseconds; -1 if not known.
    int64_t round_trip_ns;
    // Bytes that wait to be read by the host, about.
    size_t received_bytes;
    // Bytes that wait to be sent.
    size_t queued_bytes;
    // How often the copy was not what the other engine has, and came anew.
    uint64_t mismatches;
} orch_peer_state;

// How the turns of an engine went, since it was made or since `orch_engine_reset_turn_stats`. Times are in
// nanoseconds; time in which a turn waited for something to happen does not count. Percentiles are rounded up
// by an eighth at most.
typedef struct orch_turn_stats {
    // `sizeof(orch_turn_stats)`, set by the host.
    size_t size;
    // Turns.
    uint64_t turns;
    // Turns that left work for the next one, because their time was over.
    uint64_t unfinished;
    // Processor time of the thread in a turn: the median.
    uint64_t cpu_p50_ns;
    // The same: 99 of 100 turns did not take longer.
    uint64_t cpu_p99_ns;
    // The same: the longest turn.
    uint64_t cpu_max_ns;
    // Time on the clock in a turn: the median.
    uint64_t wall_p50_ns;
    // The same: 99 of 100 turns did not take longer.
    uint64_t wall_p99_ns;
    // The same: the longest turn.
    uint64_t wall_max_ns;
    // The most that was charged in one turn before terminals that were typed in were read, in units of cost; see
    // `orch_stage_stats`.
    uint64_t typing_wait_cost;
    // The stage that took most of the turn with the most processor time, one of ORCH_STAGE_*; 0 before the
    // first turn.
    uint32_t longest_stage;
    // Always 0.
    uint32_t reserved;
} orch_turn_stats;

// What one stage of the turns did. A cost is an estimate of processor time in nanoseconds that is the same
// for the same work on every machine.
typedef struct orch_stage_stats {
    // `sizeof(orch_stage_stats)`, set by the host.
    size_t size;
    // Time on the clock in a turn in which the stage did something, in nanoseconds: the median.
    uint64_t wall_p50_ns;
    // The same: 99 of 100 turns did not take longer.
    uint64_t wall_p99_ns;
    // The same: the longest.
    uint64_t wall_max_ns;
    // What its units of work cost together.
    uint64_t cost;
    // What the most expensive unit cost; a stage stops only between units.
    uint64_t unit_cost_max;
} orch_stage_stats;

// How to follow a terminal of another engine. Fill with `orch_peer_attach_options_init` first.
typedef struct orch_peer_attach_options {
    // `sizeof(orch_peer_attach_options)`.
    size_t size;
    // ORCH_DELIVERY_LOSSLESS (default): every byte, and the program waits for us, as long as we keep nobody
    // else waiting. ORCH_DELIVERY_LOSSY: the program never waits; what we cannot follow is a gap.
    // ORCH_DELIVERY_SCREEN: what changed on the screen instead of bytes.
    uint32_t mode;
    // Where it begins: ORCH_START_SCREEN (default), ORCH_START_OLDEST, ORCH_START_NOW, ORCH_START_SNAPSHOT, or
    // ORCH_START_RESUME: at `offset` if that is still there, else with a snapshot or a gap. After a broken
    // connection it goes on where it was.
    uint32_t start;
    // For ORCH_START_RESUME: bytes since the terminal's start.
    uint64_t offset;
    // Bytes that may be on their way or unread; the other engine has bounds for it. 0 (the default) is
    // 256 KiB.
    uint64_t window;
    // For ORCH_START_SNAPSHOT: rows of scrollback, at most.
    uint32_t scrollback;
    // Must be 0.
    uint32_t reserved;
    // The columns and rows of the window that shows the terminal: it gets this size if the policy of the other
    // engine says so (ORCH_SIZE_*). Pixels do not count. 0 columns and 0 rows (the default): not reported, the
    // size stays as it is.
    struct orch_size grid;
} orch_peer_attach_options;

// How far a host has walked through the entries of a peer. All 0: not at all. It may be copied.
typedef struct orch_peer_cursor {
    // Where it goes on; the library's.
    uint64_t words[4];
} orch_peer_cursor;


#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The name of a status, such as "ORCH_E_STALE_ID"; "unknown status" for any other number.
//
// Any thread. The string is static.
const char *orch_status_get_name(int32_t status);

// Fills a configuration with the defaults. `size` is `sizeof(orch_config)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_config_init(struct orch_config *config, size_t size);

// The version of this library as text, such as "0.1.0".
//
// Any thread. The string is static.
const char *orch_library_get_version(void);

// Makes an engine that belongs to the calling thread. `config` may be NULL for the defaults.
//
// Errors: ORCH_E_INVALID (a limit out of range; the message names all), ORCH_E_NO_FD,
// ORCH_E_SYSTEM; read them with `orch_error_get(NULL, ...)`. Does not block.
int32_t orch_engine_create(const struct orch_config *config, struct orch_engine **out_engine);

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
int32_t orch_engine_destroy(struct orch_engine *engine);

// Reaps the programs of destroyed engines that have ended since, and counts those that have not in
// `out_left`, which may be NULL. Call it until that is 0, at your own pace; usually it takes less than a
// millisecond. It can take long only for a program that the kernel cannot end, as one that waits for a
// broken disk, and for one that this process may not kill, as after sudo. The same is done whenever
// an engine of this process is made or destroyed or starts a program.
//
// Any thread. Does not wait. Never touches another child of this process. Errors: none.
int32_t orch_program_reap(size_t *out_left);

// How often an invariant of the engine was broken in this process, in all of its engines. Anything but 0 is
// a fault of the library: please report it. The engine has gone on without what it was about to do, and
// its next turn logs it (ORCH_LOG_ERROR).
//
// Any thread.
uint64_t orch_invariants_broken(void);

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
int32_t orch_engine_get_fd(const struct orch_engine *engine);

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
int32_t orch_engine_get_timeout(struct orch_engine *engine,
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
int32_t orch_error_get(const struct orch_engine *engine, struct orch_error *out_error);

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
// ORCH_E_NO_PTY, ORCH_E_NO_FD, ORCH_E_LIMIT, ORCH_E_NO_SCREEN, ORCH_E_INVALID, ORCH_E_GONE after a
// shutdown; nothing is left behind by any of them.
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
// ORCH_E_NO_SCREEN, ORCH_E_GONE.
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

// Types text as a person pastes it: its ends of lines become carriage returns, control characters and
// every end of a bracketed paste are taken out, and it is bracketed when the program asked for that
// (known with a screen only). All of it or nothing.
//
// Owner thread. Never blocks. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_LIMIT when
// the input queue has no room for all, ORCH_E_INVALID.
int32_t orch_terminal_paste(struct orch_engine *engine,
                            uint64_t terminal,
                            const void *data,
                            size_t len);

// Ends the input as a person would, with the terminal's end-of-file character (usually Ctrl-D),
// twice where a line in canonical mode is unfinished.
//
// The character is typed once the program has read all input and waits for more, and looked after until
// it was read: a change between canonical and raw mode before that would make something else of it. It
// ends one read of one program. Further input is typed behind it; then it is typed at once, if it was not
// yet, and not looked after any more.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_LIMIT.
int32_t orch_terminal_send_eof(struct orch_engine *engine,
                               uint64_t terminal);

// Changes the size. The first change is made at once, further ones at most every
// `resize_interval_ms`, the last one always. From then on the host decides over the size: this sets the policy
// ORCH_SIZE_POLICY_FIXED.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_ENDED, ORCH_E_INVALID, ORCH_E_LIMIT when
// it has a screen and that would have more than `screen_cells`.
int32_t orch_terminal_resize(struct orch_engine *engine,
                             uint64_t terminal,
                             struct orch_size window);

// Sets who decides over the size of a terminal that clients of the server show: one of ORCH_SIZE_*. A viewer is
// an attachment of a client that has reported the columns and rows of its window, and whose token has
// ORCH_SCOPE_TYPE. While more than one viewer is attached, viewers make a terminal no smaller than 20 columns and
// 5 rows; a single one may make it as small as 2 columns and 1 row. The policy is applied at once; if no viewer
// is attached, the size stays as it is. `orch_terminal_state.size_policy` has the policy.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_terminal_set_size_policy(struct orch_engine *engine,
                                      uint64_t terminal,
                                      uint32_t policy);

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

// Adds a reader to a terminal's output; its bytes come as ORCH_EVENT_OUTPUT with its id, what it sees of
// the screen as ORCH_EVENT_SCREEN. `options` may be NULL: lossless, from the oldest byte that is kept.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT, ORCH_E_INVALID for an offset past the end,
// ORCH_E_NO_SCREEN when the options need a screen.
int32_t orch_terminal_attach(struct orch_engine *engine,
                             uint64_t terminal,
                             const struct orch_attach_options *options,
                             uint64_t *out_reader);

// Takes a reader away, the one made at spawn too. What it has not read does not hold back the PTY
// any more.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
int32_t orch_reader_detach(struct orch_engine *engine, uint64_t reader);

// Gives a reader nothing until it is resumed. A lossless one stops the PTY when its backlog is
// full, and the terminal's exit waits for it; a lossy one gets a gap later, one with
// ORCH_DELIVERY_SCREEN the screen as it is then.
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
int32_t orch_terminal_batch(struct orch_engine *engine,
                            const struct orch_op *ops,
                            size_t count,
                            size_t stride,
                            int32_t *out_statuses,
                            struct orch_batch_result *out_result);

// Types the same bytes into many terminals; outputs as in `orch_terminal_batch`. A terminal takes all of the
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

// What changed in a watch's tree since `cursor`, at most `max` changes (0: 4,096); the cursor moves behind
// them. A cursor of zeroes gets the whole tree; call again while `more` is 1, also over several turns.
// Costs what changed. Batches up to the version that this leads to are contained in it. Set
// `out_changes->size` before; it is left as it is.
//
// Lent until the next question about a watch on this engine. Owner thread. Errors: ORCH_E_STALE_ID,
// ORCH_E_INVALID; the cursor is untouched then.
int32_t orch_watch_get_changes(struct orch_engine *engine,
                               uint64_t watch,
                               struct orch_file_cursor *cursor,
                               size_t max,
                               struct orch_file_changes *out_changes);

// Everything that is known about a watch now. Set `out_state->size` before; it is left as it is.
//
// The roots are lent until the next question about a watch on this engine. Owner thread. Errors:
// ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_watch_get_state(struct orch_engine *engine,
                             uint64_t watch,
                             struct orch_watch_state *out_state);

// Saves a part of a watch's tree, at most `max` changes (0: 4,096; some 60 bytes each): `out_bytes` are the bytes
// of this part, to be written behind those of the part before. Call it again with the same cursor, all 0 at
// first, while `out_more` is 1, also over several turns; what changes meanwhile is in a later part. When it is
// 0 the bytes are whole: `since` of orch_watch_options takes them. Batches that are unread are contained in them,
// so read those first. The form is described in docs/SAVED.md.
//
// Lent until the next question about a watch on this engine. Owner thread. Errors: ORCH_E_STALE_ID;
// ORCH_E_INVALID before the watch is ready, and for a cursor that was begun with another watch. The outputs
// and the cursor are untouched then.
int32_t orch_watch_save(struct orch_engine *engine,
                        uint64_t watch,
                        struct orch_save_cursor *cursor,
                        size_t max,
                        struct orch_bytes *out_bytes,
                        uint32_t *out_more);

// Changes sessions and panes: `count` operations, an array whose elements lie `stride` bytes apart
// (`sizeof(orch_state_op)`), in their order, all of them as one version, or none. Sessions and terminals that
// panes name have to be there after the last one. Clients of the server see it like any other change.
//
// `out_version` (may be NULL) gets the version that it made; the current one, if nothing is different.
// `out_refusal` (may be NULL; set its `size` before) is filled when the call fails because of one operation:
// with ORCH_E_CONFLICT always, with ORCH_E_INVALID when one breaks a rule.
//
// Owner thread. Errors: ORCH_E_CONFLICT when an entry is not at the version that an operation was built on;
// ORCH_E_INVALID, the message names the operation; ORCH_E_LIMIT. Nothing has changed then.
int32_t orch_state_change(struct orch_engine *engine,
                          const struct orch_state_op *ops,
                          size_t count,
                          size_t stride,
                          struct orch_state_version *out_version,
                          struct orch_state_refusal *out_refusal);

// Sets one session; see ORCH_STATE_OP_SET_SESSION. `base` is as in `orch_state_op`, `out_version` as in
// `orch_state_change`. It may point to what a question has lent: get one, change what is to be different, set
// it with its own `version` as the base.
//
// Owner thread. Errors: as `orch_state_change`.
int32_t orch_state_set_session(struct orch_engine *engine,
                               const struct orch_session *session,
                               uint64_t base,
                               struct orch_state_version *out_version);

// Removes one session with all its panes. Arguments as in `orch_state_set_session`.
//
// Owner thread. Errors: as `orch_state_change`; that it is not there is none, unless `base` says otherwise.
int32_t orch_state_remove_session(struct orch_engine *engine,
                                  struct orch_bytes id,
                                  uint64_t base,
                                  struct orch_state_version *out_version);

// Sets one pane; see ORCH_STATE_OP_SET_PANE. Arguments as in `orch_state_set_session`.
//
// Owner thread. Errors: as `orch_state_change`.
int32_t orch_state_set_pane(struct orch_engine *engine,
                            const struct orch_pane *pane,
                            uint64_t base,
                            struct orch_state_version *out_version);

// Removes one pane. Arguments as in `orch_state_set_session`.
//
// Owner thread. Errors: as `orch_state_remove_session`.
int32_t orch_state_remove_pane(struct orch_engine *engine,
                               struct orch_bytes id,
                               uint64_t base,
                               struct orch_state_version *out_version);

// Answers a client's change set that waits for review (ORCH_EVENT_REVIEW). `accept` is 1 to commit it, if it
// is still valid, or 0 to refuse it; then the client is told the `reason`, UTF-8, at most 1,024 bytes. No
// bytes with 1.
//
// Owner thread. Errors: ORCH_E_STALE_ID for a number that does not wait, ORCH_E_INVALID.
int32_t orch_review_answer(struct orch_engine *engine,
                           uint64_t review,
                           uint32_t accept,
                           struct orch_bytes reason);

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

// Fills screen options with the defaults. `size` is `sizeof(orch_screen_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_screen_options_init(struct orch_screen_options *options, size_t size);

// Drops a screen's scrollback and the rows above the cursor's, which becomes the first one; on the
// alternate screen, which a program draws, only the scrollback. Readers of bytes get
// ORCH_EVENT_CLEARED, the program is not told.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN.
int32_t orch_terminal_clear_screen(struct orch_engine *engine, uint64_t terminal);

// Replaces the colours of `orch_screen_options` with those of the window that shows the terminal now, 0xRRGGBB each.
// They are reported to the program when it queries a colour that it has not set itself. A program that has set mode
// 2031 also gets a report when the background changes between dark and light.
//
// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN.
int32_t orch_terminal_set_colors(struct orch_engine *engine,
                                 uint64_t terminal,
                                 uint32_t foreground,
                                 uint32_t background,
                                 uint32_t cursor);

// Scrolls a reader with ORCH_DELIVERY_SCREEN back to so many rows above the screen, at most as many
// as there are; 0 is the screen itself. Further output leaves its view where it is.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN, ORCH_E_INVALID for another kind
// of reader.
int32_t orch_reader_scroll_to(struct orch_engine *engine,
                              uint64_t reader,
                              uint32_t rows);

// Changes how output reaches a reader, to one of ORCH_DELIVERY_LOSSLESS, ORCH_DELIVERY_LOSSY and
// ORCH_DELIVERY_SCREEN. From ORCH_DELIVERY_SCREEN to bytes, an ORCH_EVENT_SNAPSHOT comes first; to
// it, all of the screen.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
int32_t orch_reader_set_delivery(struct orch_engine *engine, uint64_t reader, uint32_t delivery);

// Makes the next event of a reader of bytes an ORCH_EVENT_SNAPSHOT with at most `scrollback` rows
// above the screen; its bytes go on from there. What a reader does after ORCH_EVENT_GAP.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID for a reader with
// ORCH_DELIVERY_SCREEN.
int32_t orch_reader_request_snapshot(struct orch_engine *engine,
                                     uint64_t reader,
                                     size_t scrollback);

// What changed on a screen since the update of this generation (of this call or of an event for any
// reader of the terminal that is not scrolled back); everything for 0 and for one that is too long
// ago. Set `out_update->size` before; it is left as it is.
//
// What this call, `orch_terminal_get_rows`, `orch_terminal_get_text`, `orch_terminal_get_snapshot`,
// `orch_terminal_get_marks` and `orch_terminal_search` lend is good until the next of these calls on the engine
// that succeeds, or the engine's end. Events and turns do not matter to it, nor it to what an event has lent.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
int32_t orch_terminal_get_screen(struct orch_engine *engine,
                                 uint64_t terminal,
                                 uint64_t generation,
                                 struct orch_screen_update *out_update);

// Rows of a screen (0 is its top) and its scrollback (-1 is its newest row), as many of `count` from
// `first` on as there are.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
// ORCH_E_INVALID.
int32_t orch_terminal_get_rows(struct orch_engine *engine,
                               uint64_t terminal,
                               int32_t first,
                               size_t count,
                               struct orch_rows *out_rows);

// A screen as text, UTF-8, with at most `scrollback` rows above it: a line per row, each with a line
// feed, trailing blanks cut.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
// ORCH_E_INVALID.
int32_t orch_terminal_get_text(struct orch_engine *engine,
                               uint64_t terminal,
                               size_t scrollback,
                               struct orch_bytes *out_text);

// A snapshot of a screen with at most `scrollback` rows above it, to be fed to another terminal of the
// same size. Set `out_snapshot->size` before; it is left as it is.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
// ORCH_E_INVALID.
int32_t orch_terminal_get_snapshot(struct orch_engine *engine,
                                   uint64_t terminal,
                                   size_t scrollback,
                                   struct orch_snapshot *out_snapshot);

// Bytes that all screens of the engine take at the moment with their scrollback, about.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_engine_screen_bytes(const struct orch_engine *engine, size_t *out_bytes);

// Where a place in a line is now, at the present size: its row (0 is the top of the screen, -1 the newest row of the
// scrollback) and column. A column behind the end of its row is that row's last one.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID, ORCH_E_NOT_FOUND when the line has left the
// scrollback or was erased, while the alternate screen hides it, and for a moment while a long scrollback is counted
// after a change of the width. Then the outputs are left as they are.
int32_t orch_terminal_get_position(struct orch_engine *engine,
                                   uint64_t terminal,
                                   struct orch_line_position position,
                                   int32_t *out_row,
                                   uint32_t *out_col);

// The prompts, commands and outputs that the program has marked, in the order of the text: the newest 4,096 of the
// scrollback, and 256 of the primary screen. Set `out_marks->size` before; it is left as it is.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
int32_t orch_terminal_get_marks(struct orch_engine *engine,
                                uint64_t terminal,
                                struct orch_marks *out_marks);

// Fills a search with the defaults. `size` is `sizeof(orch_search_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_search_options_init(struct orch_search_options *search, size_t size);

// Searches a screen and its scrollback. Rows that wrap into each other are one line, up to 1,000 rows or
// 64 KiB of text; the rest of a longer one is looked at as what follows on it. Empty matches are left out.
// In the middle of a line, matches are those that begin at `from` or later. Set `out_matches->size` before;
// it is left as it is.
//
// Lent as by `orch_terminal_get_screen`. Owner thread. Takes an estimated 10 ms for 10,000 rows of 80 columns, and
// stops after about 100 ms, `has_more` set, or when the search for one more match in one line is through if
// that takes longer, which only expressions do that are made for it: search a long scrollback in slices, by
// `rows_max` and `from_line`; to end a search is not to go on. What was compiled is kept for the next slice.
// Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID; the message says what is wrong with a pattern.
int32_t orch_terminal_search(struct orch_engine *engine,
                             uint64_t terminal,
                             const struct orch_search_options *search,
                             struct orch_matches *out_matches);

// Fills options with the defaults. `size` is `sizeof(orch_watch_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_watch_options_init(struct orch_watch_options *options, size_t size);

// Watches files: keeps a tree of what is below the roots, and tells what changes in it. Reading the tree
// for the first time takes many turns; ORCH_EVENT_WATCH_READY tells when it is done. Costs a descriptor,
// and the first one of an engine another one.
//
// Owner thread. Looks at the roots, and compiles the globs. Errors: ORCH_E_NOT_FOUND,
// ORCH_E_PERMISSION, ORCH_E_NOT_DIRECTORY; ORCH_E_LIMIT for the engine's limit and for the system's on
// inotify instances; ORCH_E_INVALID, also for a bad glob and for roots that lie in or lead into each other;
// ORCH_E_GONE while shutting down, ORCH_E_NO_FD, ORCH_E_SYSTEM.
int32_t orch_watch_add(struct orch_engine *engine,
                       const struct orch_watch_options *options,
                       uint64_t *out_watch);

// Ends a watch; its id is stale afterwards. What it had not told yet is not told any more.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
int32_t orch_watch_remove(struct orch_engine *engine, uint64_t watch);

// Has ORCH_EVENT_WATCH_SYNCED told with this `sync_tag` in `offset` when everything that happened to the files
// before this call has been told. Names that wait for their window are looked at at once. Nothing is
// written to the watched tree.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT when 1,024 such calls wait, ORCH_E_NO_FD.
int32_t orch_watch_sync(struct orch_engine *engine,
                        uint64_t watch,
                        uint64_t sync_tag);

// The ids of all watches, in no particular order. Writes at most `capacity` ids; `out_count` gets how
// many there are.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_watch_list(struct orch_engine *engine,
                        uint64_t *out_watches,
                        size_t capacity,
                        size_t *out_count);

// The version that the application state is at.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_state_get_version(struct orch_engine *engine, struct orch_state_version *out_version);

// The hash of these collections, a sum of ORCH_COLLECTION_*: two copies with the same hash are the same, but
// for one chance in 2^64. The protocol's documentation says how a copy computes it.
//
// Owner thread. In constant time. Errors: ORCH_E_INVALID.
int32_t orch_state_get_hash(struct orch_engine *engine,
                            uint32_t collections,
                            uint64_t *out_hash);

// A session. Set `out_session->size` before; it is left as it is.
//
// Lent until the next `orch_state_get_*` on this engine that succeeds. Owner thread. Errors: ORCH_E_STALE_ID
// if there is none with this id, ORCH_E_INVALID.
int32_t orch_state_get_session(struct orch_engine *engine,
                               struct orch_bytes id,
                               struct orch_session *out_session);

// A pane; otherwise as `orch_state_get_session`.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_state_get_pane(struct orch_engine *engine,
                            struct orch_bytes id,
                            struct orch_pane *out_pane);

// What the state knows of a terminal; otherwise as `orch_state_get_session`. `orch_terminal_get_state` asks
// the system and knows more.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_state_get_terminal(struct orch_engine *engine,
                                uint64_t terminal,
                                struct orch_state_terminal *out_facts);

// What the state knows of a file, by its watch and its id there; otherwise as `orch_state_get_session`.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_state_get_file(struct orch_engine *engine,
                            uint64_t watch,
                            uint64_t id,
                            struct orch_state_file *out_facts);

// What changed in these collections (a sum of ORCH_COLLECTION_*) since `cursor`, at most `max` changes (0:
// 4,096) and about 1 MiB; the cursor moves behind them. A cursor of zeroes gets everything; call again while
// `more` is 1, also over several turns. Costs what changed. A cursor is for the collections that it was first
// used with; with others it begins anew. Set `out_changes->size` before; it is left as it is.
//
// Lent until the next `orch_state_get_*` on this engine that succeeds. Owner thread. Errors: ORCH_E_INVALID;
// the cursor is untouched then.
int32_t orch_state_get_changes(struct orch_engine *engine,
                               struct orch_state_cursor *cursor,
                               uint32_t collections,
                               size_t max,
                               struct orch_state_changes *out_changes);

// Makes the files of a watch part of the state (`publish` 1), or takes them out again (0). It goes in slices:
// the state is behind while a large tree is written down. Batches of the watch have to be read for the tree
// to move on.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_watch_set_published(struct orch_engine *engine,
                                 uint64_t watch,
                                 uint32_t publish);

// Fills options with the defaults. `size` is `sizeof(orch_listener_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_listener_options_init(struct orch_listener_options *options, size_t size);

// Listens for clients: WebSockets that mirror the state and use terminals, as far as their tokens allow.
//
// Owner thread. Does not block. Errors: ORCH_E_INVALID (an address that is not loopback, a bad address, host
// or origin), ORCH_E_PERMISSION (a port below 1024, a directory that is not the user's alone), ORCH_E_LIMIT,
// ORCH_E_NO_FD, ORCH_E_SYSTEM (the address is in use), ORCH_E_GONE while shutting down.
int32_t orch_listener_add(struct orch_engine *engine,
                          const struct orch_listener_options *options,
                          uint64_t *out_listener);

// Where a listener listens, in the form of `orch_listener_options.address`, with the port that the system
// chose. Writes at most `capacity` bytes, and no terminator; `out_len` gets how many there are.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_SYSTEM.
int32_t orch_listener_get_address(struct orch_engine *engine,
                                  uint64_t listener,
                                  char *out_address,
                                  size_t capacity,
                                  size_t *out_len);

// Listens on an address no longer. Clients that came in there stay.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
int32_t orch_listener_remove(struct orch_engine *engine, uint64_t listener);

// Fills options with the defaults. `size` is `sizeof(orch_token_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_token_options_init(struct orch_token_options *options, size_t size);

// Makes a token: 43 characters (ORCH_TOKEN_BYTES, without a terminator) that let whoever has them in. Hand
// them over by a way that nobody else can read. They cannot be asked for again.
//
// `out_text` has room for ORCH_TOKEN_BYTES; `out_token` gets what names the token here. Owner thread. Errors:
// ORCH_E_INVALID (no scope, a secret of zeroes or of another token, a label that is too long), ORCH_E_LIMIT
// beyond 1,024 tokens, ORCH_E_SYSTEM.
int32_t orch_token_add(struct orch_engine *engine,
                       const struct orch_token_options *options,
                       char *out_text,
                       uint64_t *out_token);

// Makes a token invalid and closes the clients that came in by it.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
int32_t orch_token_revoke(struct orch_engine *engine, uint64_t token);

// Lets clients watch files in this directory, and start programs in it. The grant is of the directory's real path,
// without symbolic links: whatever directory is there counts, also when it was removed and made anew, replaced or
// mounted over. A symbolic link there, or in the place of a directory above it, grants nothing. While there is no
// directory at the path, the one that was granted stays so if it was only moved.
//
// Owner thread. Errors: ORCH_E_NOT_FOUND, ORCH_E_PERMISSION, ORCH_E_NOT_DIRECTORY, ORCH_E_INVALID (a path
// that is not absolute), ORCH_E_LIMIT beyond 256 directories, ORCH_E_NO_FD.
int32_t orch_grant_directory(struct orch_engine *engine,
                             struct orch_bytes path);

// Takes the grant of a directory back. Watches and programs that are there go on.
//
// Owner thread. Errors: ORCH_E_STALE_ID if it is not granted, ORCH_E_INVALID.
int32_t orch_revoke_directory(struct orch_engine *engine, struct orch_bytes path);

// Lets clients start this program by a name of 1 to 64 bytes, UTF-8; an earlier profile of the same name is
// replaced. `options` may be NULL for the user's shell. Without any profile clients start nothing.
//
// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_LIMIT beyond 256 profiles.
int32_t orch_grant_profile(struct orch_engine *engine,
                           struct orch_bytes name,
                           const struct orch_spawn_options *options);

// Takes a profile back. Programs that were started by it go on.
//
// Owner thread. Errors: ORCH_E_STALE_ID if it is not granted, ORCH_E_INVALID.
int32_t orch_revoke_profile(struct orch_engine *engine, struct orch_bytes name);

// Everybody who is let in at the moment, in no particular order. `out_clients` is an array of `capacity`
// elements that lie `stride` bytes apart, each with its `size` set; as many are filled as there is room for,
// and `out_count` gets how many there are.
//
// The names are lent until the next call of this on this engine that succeeds. Owner thread. Errors:
// ORCH_E_INVALID.
int32_t orch_client_list(struct orch_engine *engine,
                         struct orch_client_state *out_clients,
                         size_t capacity,
                         size_t stride,
                         size_t *out_count);

// Closes a client's connection, with a reason that it is told: UTF-8, at most 123 bytes.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_client_close(struct orch_engine *engine, uint64_t client, struct orch_bytes reason);

// Fills options with the defaults. `size` is `sizeof(orch_peer_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_peer_options_init(struct orch_peer_options *options, size_t size);

// Connects to the server of another engine (`orch_listener_add`), mirrors its state, and keeps at it: a connection
// that is lost is made anew and goes on where it was. What happens comes as ORCH_EVENT_PEER; that nobody
// listens is no error but such an event. A peer whose events are not read is read no further.
//
// A refusal that would only be repeated (a token that is not valid, another version of the protocol, a state
// that is larger than `state_bytes`) ends it with an ORCH_PEER_DISCONNECTED whose `retry_in_ms` is -1; the id
// stays until `orch_peer_disconnect`.
//
// Owner thread. Does not wait for the connection. Errors: ORCH_E_INVALID, ORCH_E_LIMIT, ORCH_E_GONE while
// shutting down, ORCH_E_SYSTEM.
int32_t orch_peer_connect(struct orch_engine *engine,
                          const struct orch_peer_options *options,
                          uint64_t *out_peer);

// Lets go of a peer: its copy of the state and its unread events are gone, and its id is stale. The other
// engine is told, without waiting for it.
//
// Owner thread. Errors: ORCH_E_STALE_ID.
int32_t orch_peer_disconnect(struct orch_engine *engine,
                             uint64_t peer);

// The ids of all peers, in no particular order. Writes at most `capacity` ids; `out_count` gets how many there
// are.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_peer_list(struct orch_engine *engine,
                       uint64_t *out_peers,
                       size_t capacity,
                       size_t *out_count);

// How a peer is at the moment. Set `out_state->size` before; it is left as it is.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_peer_get_state(struct orch_engine *engine,
                            uint64_t peer,
                            struct orch_peer_state *out_state);

// How the turns went so far.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_engine_turn_stats(const struct orch_engine *engine, struct orch_turn_stats *out_stats);

// What one stage, one of ORCH_STAGE_*, did in the turns so far.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_engine_stage_stats(const struct orch_engine *engine,
                                uint32_t stage,
                                struct orch_stage_stats *out_stats);

// Begins to count turns anew.
//
// Owner thread. Errors: ORCH_E_INVALID.
int32_t orch_engine_reset_turn_stats(struct orch_engine *engine);

// Fills options with the defaults. `size` is `sizeof(orch_peer_attach_options)`.
//
// Any thread. Errors: ORCH_E_INVALID.
int32_t orch_peer_attach_options_init(struct orch_peer_attach_options *options, size_t size);

// Attaches to a terminal of another engine, or attaches anew; without a connection as soon as there is one. It
// stays attached when the connection is made anew. `options` may be NULL for the defaults. ORCH_PEER_ATTACHED
// comes, or ORCH_PEER_DETACHED if there is no such terminal.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT, ORCH_E_INVALID.
int32_t orch_peer_attach(struct orch_engine *engine,
                         uint64_t peer,
                         uint64_t terminal,
                         const struct orch_peer_attach_options *options);

// Reports the columns and rows of the window that shows a terminal of another engine, as
// `orch_peer_attach_options.grid` does when attaching; the attachment goes on. Without a connection it is
// reported with the next one. What the other engine refuses comes as ORCH_PEER_PROBLEM.
//
// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID, also when it is not attached; ORCH_E_INVALID for a grid
// without columns or rows; ORCH_E_LIMIT when too much waits to be sent.
int32_t orch_peer_set_grid(struct orch_engine *engine,
                           uint64_t peer,
                           uint64_t terminal,
                           struct orch_size grid);

// Lets go of a terminal of another engine. What came before is still told, then ORCH_PEER_DETACHED.
//
// Owner thread. Errors: ORCH_E_STALE_ID, also when it is not attached.
int32_t orch_peer_detach(struct orch_engine *engine, uint64_t peer, uint64_t terminal);

// Types into a terminal of another engine: all of the bytes are queued, or none. There is no answer; what the
// other engine refuses comes as ORCH_PEER_PROBLEM. The bytes are copied.
//
// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED while there is no connection, ORCH_E_LIMIT when too
// much waits to be sent, ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_peer_write(struct orch_engine *engine,
                        uint64_t peer,
                        uint64_t terminal,
                        const void *data,
                        size_t len);

// Does `count` operations on terminals of another engine, an array whose elements lie `stride` bytes apart
// (`sizeof(orch_op)`). They are ORCH_OP_INPUT, _PASTE, _RESIZE (of a terminal that is attached, as
// `orch_peer_set_grid`; else it changes the size, in cells), _SIGNAL (to ORCH_SIGNAL_FOREGROUND),
// _CLEAR, _INTERRUPT, _EOF and _CLOSE; after one that fails, those after it for the same terminal are skipped.
// Everything is copied. ORCH_REPLY_RESULTS comes under the number that `out_request` gets.
//
// This and the other requests below: owner thread; they do not wait; an answer comes in any case, with
// ORCH_REMOTE_DISCONNECTED if the connection was lost before. Errors: ORCH_E_DISCONNECTED while there is no
// connection; ORCH_E_LIMIT when 1,024 requests wait, too much waits to be sent, or the request is too large for
// the other engine; ORCH_E_STALE_ID; ORCH_E_INVALID. Nothing was sent then.
int32_t orch_peer_batch(struct orch_engine *engine,
                        uint64_t peer,
                        const struct orch_op *ops,
                        size_t count,
                        size_t stride,
                        uint64_t *out_request);

// Starts a program there: the `profile` by the name that the other host has granted (`orch_grant_profile`), in
// the directory `cwd`, inside its granted ones; no bytes: that of the profile. `window` may be NULL for the
// profile's size; only its cells count. ORCH_REPLY_SPAWNED comes under the number that `out_request` gets.
//
// Threads, blocking and errors as of `orch_peer_batch`.
int32_t orch_peer_spawn(struct orch_engine *engine,
                        uint64_t peer,
                        struct orch_bytes profile,
                        struct orch_bytes cwd,
                        const struct orch_size *window,
                        uint64_t *out_request);

// Searches the screen and the scrollback of a terminal of another engine for a `pattern`, UTF-8. `flags` is a sum
// of ORCH_SEARCH_REGEX and ORCH_SEARCH_IGNORE_CASE; `max` bounds the matches, at most 10,000, and 0 is 1,000.
// ORCH_REPLY_MATCHES comes under the number that `out_request` gets.
//
// Threads, blocking and errors as of `orch_peer_batch`.
int32_t orch_peer_search(struct orch_engine *engine,
                         uint64_t peer,
                         uint64_t terminal,
                         struct orch_bytes pattern,
                         uint32_t flags,
                         uint32_t max,
                         uint64_t *out_request);

// Asks for everything that is known of a terminal of another engine at the moment. ORCH_REPLY_TERMINAL comes
// under the number that `out_request` gets.
//
// Threads, blocking and errors as of `orch_peer_batch`.
int32_t orch_peer_query(struct orch_engine *engine,
                        uint64_t peer,
                        uint64_t terminal,
                        uint64_t *out_request);

// Has the other engine watch files in one of its granted directories, by an absolute path; they appear in the
// copy of its state. It ends with the connection. ORCH_REPLY_WATCHING comes under the number that
// `out_request` gets.
//
// Threads, blocking and errors as of `orch_peer_batch`.
int32_t orch_peer_watch(struct orch_engine *engine,
                        uint64_t peer,
                        struct orch_bytes path,
                        uint64_t *out_request);

// Ends a watch that was asked for on this connection. ORCH_REPLY_DONE comes under the number that
// `out_request` gets.
//
// Threads, blocking and errors as of `orch_peer_batch`.
int32_t orch_peer_unwatch(struct orch_engine *engine,
                          uint64_t peer,
                          uint64_t watch,
                          uint64_t *out_request);

// Changes sessions and panes of another engine: operations as of `orch_state_change`, all of them or none. Bases
// are versions of entries in the copy. Everything is copied. ORCH_PEER_APPLIED or ORCH_PEER_REJECTED comes
// under the number that `out_change` gets; when ORCH_PEER_APPLIED is read, the effect is in the copy.
//
// Threads, blocking and errors as of `orch_peer_batch`.
int32_t orch_peer_change(struct orch_engine *engine,
                         uint64_t peer,
                         const struct orch_state_op *ops,
                         size_t count,
                         size_t stride,
                         uint64_t *out_change);

// The version that the copy of a peer's state is at; ORCH_DONE, with nothing written, before the first one has
// come, and while the state comes anew.
//
// The copy changes within turns. Between two ORCH_PEER_STATE events it may be between two versions: a pane may
// name a session that comes later. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_peer_state_version(struct orch_engine *engine,
                                uint64_t peer,
                                struct orch_state_version *out_version);

// The hash of these collections of the copy, a sum of ORCH_COLLECTION_*; see `orch_state_get_hash`. The library
// compares it with that of the other engine itself, and has a copy that differs sent anew.
//
// Owner thread. In constant time. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_peer_state_hash(struct orch_engine *engine,
                             uint64_t peer,
                             uint32_t collections,
                             uint64_t *out_hash);

// A session in the copy of a peer's state. Set `out_session->size` before; it is left as it is.
//
// Lent until the next call on this engine that lends something of such a copy and succeeds: this one and those
// below, of any peer. Owner thread. Errors: ORCH_E_STALE_ID if there is no such peer or no such entry,
// ORCH_E_INVALID.
int32_t orch_peer_get_session(struct orch_engine *engine,
                              uint64_t peer,
                              struct orch_bytes id,
                              struct orch_session *out_session);

// A pane in the copy of a peer's state; otherwise as `orch_peer_get_session`.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_peer_get_pane(struct orch_engine *engine,
                           uint64_t peer,
                           struct orch_bytes id,
                           struct orch_pane *out_pane);

// What the copy of a peer's state knows of a terminal; otherwise as `orch_peer_get_session`.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_peer_get_terminal(struct orch_engine *engine,
                               uint64_t peer,
                               uint64_t terminal,
                               struct orch_state_terminal *out_facts);

// What the copy of a peer's state knows of a file, by its watch and its id there; otherwise as
// `orch_peer_get_session`.
//
// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
int32_t orch_peer_get_file(struct orch_engine *engine,
                           uint64_t peer,
                           uint64_t watch,
                           uint64_t id,
                           struct orch_state_file *out_facts);

// Entries of these collections (a sum of ORCH_COLLECTION_*) in the copy of a peer's state, at most `max` (0:
// 4,096) and about 1 MiB; the cursor moves behind them. With a cursor of zeroes a walk begins (`full` is 1);
// call again while `more` is 1. Set `out_changes->size` before; it is left as it is.
//
// There are no removed keys here: a walk does not tell what changed but what there is. Without a turn in between
// it gives the copy as it is. Over several turns, entries that stay are told once, as they are when their turn
// comes, and those that come or go may be told or not; a walk in which `version` stays the same gives that
// version. When all of the state came anew meanwhile, the walk begins anew, with `full` 1 again. `version` is 0
// where `orch_peer_state_version` has none. A cursor is for the peer and the collections that it was first used
// with.
//
// Lent as by `orch_peer_get_session`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID; the cursor is
// untouched then.
int32_t orch_peer_entries(struct orch_engine *engine,
                          uint64_t peer,
                          struct orch_peer_cursor *cursor,
                          uint32_t collections,
                          size_t max,
                          struct orch_state_changes *out_changes);

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
// ORCH_E_INVALID; read them with `orch_error_get(NULL, ...)`. Nothing was posted then.
int32_t orch_sender_notify(const struct orch_sender *sender, uint64_t tag);

// Posts an operation; `op_size` is `sizeof(orch_op)`. Its bytes are copied. It comes back as
// ORCH_EVENT_COMPLETED with `tag`.
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

// A row; `index` counts from 0 and is below `row_count`.
static inline const orch_row *orch_row_at(const orch_rows *rows, size_t index) {
    return (const orch_row *)((const char *)rows->rows + index * rows->row_stride);
}

// A run of a row of `rows`; `index` counts from 0 and is below the row's `run_count`.
static inline const orch_run *orch_run_at(const orch_rows *rows, const orch_row *row, size_t index) {
    return (const orch_run *)((const char *)row->runs + index * rows->run_stride);
}

// A scroll; `index` counts from 0 and is below `scroll_count`.
static inline const orch_scroll *orch_scroll_at(const orch_screen_update *update, size_t index) {
    return (const orch_scroll *)((const char *)update->scrolls + index * update->scroll_stride);
}

// A match; `index` counts from 0 and is below `match_count`.
static inline const orch_match *orch_match_at(const orch_matches *found, size_t index) {
    return (const orch_match *)((const char *)found->matches + index * found->match_stride);
}

// A change of a file; `index` counts from 0 and is below `event_count`.
static inline const orch_file_event *orch_file_event_at(const orch_file_batch *batch, size_t index) {
    return (const orch_file_event *)((const char *)batch->events + index * batch->event_stride);
}

// A summary; `index` counts from 0 and is below `summary_count`.
static inline const orch_file_summary *orch_file_summary_at(const orch_file_batch *batch,
                                                            size_t index) {
    return (const orch_file_summary *)((const char *)batch->summaries +
                                       index * batch->summary_stride);
}

// An entry of a tree; `index` counts from 0 and is below `entry_count`.
static inline const orch_file_entry *orch_file_entry_at(const orch_file_changes *changes,
                                                        size_t index) {
    return (const orch_file_entry *)((const char *)changes->entries + index * changes->entry_stride);
}

// An operation of a change set; `index` counts from 0 and is below `op_count`.
static inline const orch_state_op *orch_state_op_at(const orch_state_review *review, size_t index) {
    return (const orch_state_op *)((const char *)review->ops + index * review->op_stride);
}

// A key of what is gone; `index` counts from 0 and is below `removed_count`.
static inline const orch_state_key *orch_state_removed_at(const orch_state_changes *changes,
                                                          size_t index) {
    return (const orch_state_key *)((const char *)changes->removed +
                                    index * changes->removed_stride);
}

// A session; `index` counts from 0 and is below `session_count`.
static inline const orch_session *orch_session_at(const orch_state_changes *changes, size_t index) {
    return (const orch_session *)((const char *)changes->sessions +
                                  index * changes->session_stride);
}

// A pane; `index` counts from 0 and is below `pane_count`.
static inline const orch_pane *orch_pane_at(const orch_state_changes *changes, size_t index) {
    return (const orch_pane *)((const char *)changes->panes + index * changes->pane_stride);
}

// A terminal; `index` counts from 0 and is below `terminal_count`.
static inline const orch_state_terminal *orch_state_terminal_at(const orch_state_changes *changes,
                                                                size_t index) {
    return (const orch_state_terminal *)((const char *)changes->terminals +
                                         index * changes->terminal_stride);
}

// A file; `index` counts from 0 and is below `file_count`.
static inline const orch_state_file *orch_state_file_at(const orch_state_changes *changes,
                                                        size_t index) {
    return (const orch_state_file *)((const char *)changes->files + index * changes->file_stride);
}

// A mark; `index` counts from 0 and is below `mark_count`.
static inline const orch_mark *orch_mark_at(const orch_marks *marks, size_t index) {
    return (const orch_mark *)((const char *)marks->marks + index * marks->mark_stride);
}

// What became of an operation; `index` counts from 0 and is below `status_count`.
static inline const orch_remote_result *orch_remote_result_at(const orch_peer_event *event,
                                                          size_t index) {
    return (const orch_remote_result *)((const char *)event->statuses + index * event->status_stride);
}

// A match of a peer's; `index` counts from 0 and is below `match_count`.
static inline const orch_match *orch_peer_match_at(const orch_peer_event *event, size_t index) {
    return (const orch_match *)((const char *)event->matches + index * event->match_stride);
}

#ifdef __cplusplus
}
#endif
#endif  /* ORCHFLOW_H_INLINE */
