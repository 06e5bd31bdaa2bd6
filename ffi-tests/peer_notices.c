// Notices, figures and what the state shows of terminals, by a peer. See borrowed.c for ORCHFLOW_DEBUG_LIBRARY.

#include "peer.h"

static peer_pair pair;

static void check_overwritten(const void *data, size_t len) {
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    CHECK(len > 0);
    for (size_t i = 0; i < len; i++) CHECK_INT(((const unsigned char *)data)[i], 0xDB);
}

// A mirror that wants these notices, and that is up to date.
static void connects(orch_notices notices) {
    memset(&pair, 0, sizeof pair);
    peer_serve(&pair, "127.0.0.1:0");
    pair.mirror = host_engine();
    orch_peer_options options = peer_options(pair.address, pair.token);
    options.notices = notices;
    CHECK_OK(orch_peer_connect(pair.mirror, &options, &pair.peer));
    peer_until(&pair, ORCH_EVENT_PEER_STATE);
}

// Waits for the next notice: it is of this kind and about this terminal.
static const orch_event_peer_notice *until_notice(uint64_t terminal, uint64_t seq, orch_notice kind) {
    const orch_event_peer_notice *notice =
        peer_until(&pair, ORCH_EVENT_PEER_NOTICE)->payload.peer_notice;
    CHECK_INT(notice->terminal, terminal);
    CHECK_INT(notice->seq, seq);
    CHECK_INT(notice->kind, kind);
    CHECK_INT(notice->reserved, 0);
    CHECK_INT(notice->count > 0, kind == ORCH_NOTICE_BELL);
    return notice;
}

static uint64_t spawn(const char *script) {
    orch_bytes argv[3];
    orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
    screen.flags = ORCH_SCREEN_CLIPBOARD;
    host_sh_argv(argv, script);
    orch_spawn_options options = host_options(argv, 3);
    options.screen = &screen;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(pair.server, &options, &terminal));
    return terminal;
}

// All of them happen at once and come in their order.
static void notices(void) {
    connects(ORCH_NOTICES_ALL);
    uint64_t terminal = spawn("printf '\\a\\a\\033]777;notify;Build;done\\a\\033]52;p;aGVsbG8=\\a'; "
                              "printf '\\033]9;4;2;30\\a\\033]133;C;cmdline=ls\\a\\033]133;D;7\\a'; "
                              "printf '\\033]7;/some/where\\a\\033]2;a title\\a'; exec cat");
    const orch_event_peer_notice *notice;
    uint64_t seq = 1;
    uint32_t count = until_notice(terminal, seq, ORCH_NOTICE_BELL)->count;
    CHECK_INT(count, 2);
    notice = until_notice(terminal, ++seq, ORCH_NOTICE_NOTIFICATION);
    CHECK_BYTES(notice->title.data, notice->title.len, "Build");
    CHECK_BYTES(notice->text.data, notice->text.len, "done");
    notice = until_notice(terminal, ++seq, ORCH_NOTICE_CLIPBOARD);
    CHECK_BYTES(notice->text.data, notice->text.len, "hello");
    CHECK_INT(notice->is_primary, 1);
    notice = until_notice(terminal, ++seq, ORCH_NOTICE_PROGRESS);
    CHECK_INT(notice->progress, ORCH_PROGRESS_FAILED);
    CHECK_INT(notice->percent, 30);
    notice = until_notice(terminal, ++seq, ORCH_NOTICE_COMMAND_STARTED);
    CHECK_BYTES(notice->text.data, notice->text.len, "ls");
    notice = until_notice(terminal, ++seq, ORCH_NOTICE_COMMAND_FINISHED);
    CHECK_INT(notice->has_exit_code, 1);
    CHECK_INT(notice->exit_code, 7);
    notice = until_notice(terminal, ++seq, ORCH_NOTICE_CWD);
    CHECK_BYTES(notice->text.data, notice->text.len, "/some/where");
    notice = until_notice(terminal, ++seq, ORCH_NOTICE_TITLE);
    CHECK_BYTES(notice->title.data, notice->title.len, "a title");
    // The texts are lent: a debug build overwrites them.
    const orch_bytes title = notice->title;
    orch_event next = host_event();
    while (orch_engine_next_event(pair.mirror, &next) == ORCH_OK) {
    }
    check_overwritten(notice, sizeof *notice);
    check_overwritten(title.data, title.len);
    CHECK_OK(orch_terminal_close(pair.server, terminal, 0));
    peer_end(&pair);
}

// Whoever wants no notices gets none. What the state shows, and figures.
static void state_and_figures(void) {
    connects(0);
    uint64_t number = 0;
    uint64_t terminal = spawn("printf '\\a\\033]133;C\\a\\033]133;D;7\\a'; stty -echo; "
                              "printf 'Password: '; read -r x");
    orch_state_terminal known;
    for (;;) {
        peer_until(&pair, ORCH_EVENT_PEER_STATE);
        if (state_find_terminal(pair.mirror, pair.peer, terminal, &known) == ORCH_OK &&
            (known.flags & ORCH_TERMINAL_HIDDEN_INPUT)) {
            break;
        }
    }
    CHECK_INT(known.flags & ORCH_TERMINAL_HAS_EXIT_CODE, ORCH_TERMINAL_HAS_EXIT_CODE);
    CHECK_INT(known.last_exit_code, 7);
    CHECK_INT(known.size_policy, ORCH_SIZE_POLICY_LATEST);
    CHECK_BYTES(known.program.data, known.program.len, "sh");
    CHECK_INT(host_state(pair.server, terminal).flags & ORCH_TERMINAL_HIDDEN_INPUT,
              ORCH_TERMINAL_HIDDEN_INPUT);
    CHECK_OK(orch_terminal_set(pair.server, terminal, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                               ORCH_SIZE_POLICY_SMALLEST));
    do {
        peer_until(&pair, ORCH_EVENT_PEER_STATE);
        CHECK_OK(state_find_terminal(pair.mirror, pair.peer, terminal, &known));
    } while (known.size_policy != ORCH_SIZE_POLICY_SMALLEST);
    const orch_request request = peer_request(ORCH_REQUEST_STATS);
    CHECK_OK(orch_peer_request(pair.mirror, pair.peer, &request, &number));
    const orch_event_peer_reply *reply = peer_reply(&pair, number, ORCH_REPLY_STATS);
    const orch_peer_stats *stats = reply->stats;
    CHECK(stats != NULL && stats->size == sizeof *stats);
    CHECK(stats->turns > 0 && stats->longest_turn_us > 0);
    CHECK_INT(stats->clients, 1);
    CHECK_INT(stats->terminals, 1);
    CHECK_INT(stats->watches + stats->reserved, 0);
    orch_event next = host_event();
    while (orch_engine_next_event(pair.mirror, &next) == ORCH_OK) {
        CHECK(next.kind != ORCH_EVENT_PEER_NOTICE);
    }
    check_overwritten(stats, sizeof *stats);
    CHECK_OK(orch_terminal_close(pair.server, terminal, 0));
    peer_end(&pair);
}

static void arguments(void) {
    orch_engine *engine = host_engine();
    uint64_t peer = 77;
    orch_peer_options options = peer_options("unix:/nonexistent/socket", "token");
    options.notices = ORCH_NOTICES_ALL + 1;
    CHECK_STATUS(orch_peer_connect(engine, &options, &peer), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_peer_options.notices");
    options.notices = ORCH_NOTICES_ALL;
    options.reserved = 1;
    CHECK_STATUS(orch_peer_connect(engine, &options, &peer), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_peer_options.reserved");
    CHECK_INT(peer, 77);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    notices();
    state_and_figures();
    arguments();
    return 0;
}
