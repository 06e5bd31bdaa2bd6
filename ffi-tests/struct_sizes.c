// Structs of other sizes than this library's: of a newer host with a tail, of no known version.

#include "peer.h"
#include "watch.h"

// A struct of a newer host: the known part and fields that this library has never heard of.
#define WIDE(type) \
    struct {       \
        type known; \
        unsigned char tail[24]; \
    }

// orch_struct_init fills as many bytes as the caller says, with zeroes and the size, and nothing behind the size. The
// macro of a struct makes the same.
static void inits(void) {
#define CHECK_INIT(type, macro)                                                             \
    do {                                                                                    \
        WIDE(type) wide;                                                                    \
        static const type by_macro = macro;                                                 \
        type by_hand;                                                                       \
        host_init(&by_hand, sizeof by_hand);                                                \
        CHECK_INT(memcmp(&by_macro, &by_hand, sizeof by_hand), 0);                          \
        check_fill(&wide, sizeof wide);                                                     \
        CHECK_STATUS(orch_struct_init(NULL, sizeof(type)), ORCH_E_INVALID);                 \
        CHECK_ERROR(NULL, ORCH_E_INVALID, "NULL");                                          \
        CHECK_STATUS(orch_struct_init(&wide.known, sizeof(size_t) - 1), ORCH_E_INVALID);    \
        CHECK_STATUS(orch_struct_init(&wide.known, 0), ORCH_E_INVALID);                     \
        CHECK_ERROR(NULL, ORCH_E_INVALID, "size is 0");                                     \
        CHECK(check_is_filled(&wide, sizeof wide));                                         \
        CHECK_OK(orch_struct_init(&wide.known, sizeof(type) + 16));                         \
        CHECK_INT(wide.known.size, sizeof(type) + 16);                                      \
        for (size_t i = 0; i < 16; i++) CHECK_INT(wide.tail[i], 0);                         \
        CHECK(check_is_filled(wide.tail + 16, 8));                                          \
        CHECK_OK(orch_struct_init(&wide.known, sizeof(type)));                              \
        CHECK_INT(memcmp(&wide.known, &by_hand, sizeof by_hand), 0);                        \
    } while (0)
    CHECK_INIT(orch_error, ORCH_ERROR_INIT);
    CHECK_INIT(orch_config, ORCH_CONFIG_INIT);
    CHECK_INIT(orch_engine_stats, ORCH_ENGINE_STATS_INIT);
    CHECK_INIT(orch_memory, ORCH_MEMORY_INIT);
    CHECK_INIT(orch_event, ORCH_EVENT_INIT);
    CHECK_INIT(orch_spawn_options, ORCH_SPAWN_OPTIONS_INIT);
    CHECK_INIT(orch_adopt_options, ORCH_ADOPT_OPTIONS_INIT);
    CHECK_INIT(orch_restart_options, ORCH_RESTART_OPTIONS_INIT);
    CHECK_INIT(orch_retry_options, ORCH_RETRY_OPTIONS_INIT);
    CHECK_INIT(orch_breaker_options, ORCH_BREAKER_OPTIONS_INIT);
    CHECK_INIT(orch_listener_state, ORCH_LISTENER_STATE_INIT);
    CHECK_INIT(orch_batch_result, ORCH_BATCH_RESULT_INIT);
    CHECK_INIT(orch_attach_options, ORCH_ATTACH_OPTIONS_INIT);
    CHECK_INIT(orch_terminal_state, ORCH_TERMINAL_STATE_INIT);
    CHECK_INIT(orch_screen_options, ORCH_SCREEN_OPTIONS_INIT);
    CHECK_INIT(orch_screen_update, ORCH_SCREEN_UPDATE_INIT);
    CHECK_INIT(orch_snapshot, ORCH_SNAPSHOT_INIT);
    CHECK_INIT(orch_marks, ORCH_MARKS_INIT);
    CHECK_INIT(orch_search_options, ORCH_SEARCH_OPTIONS_INIT);
    CHECK_INIT(orch_matches, ORCH_MATCHES_INIT);
    CHECK_INIT(orch_watch_options, ORCH_WATCH_OPTIONS_INIT);
    CHECK_INIT(orch_file_changes, ORCH_FILE_CHANGES_INIT);
    CHECK_INIT(orch_watch_state, ORCH_WATCH_STATE_INIT);
    CHECK_INIT(orch_command, ORCH_COMMAND_INIT);
    CHECK_INIT(orch_request, ORCH_REQUEST_INIT);
    CHECK_INIT(orch_state_entry, ORCH_STATE_ENTRY_INIT);
    CHECK_INIT(orch_session, ORCH_SESSION_INIT);
    CHECK_INIT(orch_pane, ORCH_PANE_INIT);
    CHECK_INIT(orch_state_refusal, ORCH_STATE_REFUSAL_INIT);
    CHECK_INIT(orch_state_changes, ORCH_STATE_CHANGES_INIT);
    CHECK_INIT(orch_listener_options, ORCH_LISTENER_OPTIONS_INIT);
    CHECK_INIT(orch_token_options, ORCH_TOKEN_OPTIONS_INIT);
    CHECK_INIT(orch_client_state, ORCH_CLIENT_STATE_INIT);
    CHECK_INIT(orch_peer_options, ORCH_PEER_OPTIONS_INIT);
    CHECK_INIT(orch_peer_state, ORCH_PEER_STATE_INIT);
    CHECK_INIT(orch_peer_attach_options, ORCH_PEER_ATTACH_OPTIONS_INIT);
#undef CHECK_INIT
    // Structs without a size: the macro makes zeroes.
#define CHECK_ZERO(type, macro)                                \
    do {                                                       \
        static const type by_macro = macro;                    \
        type zeroes;                                           \
        memset(&zeroes, 0, sizeof zeroes);                     \
        CHECK_INT(memcmp(&by_macro, &zeroes, sizeof zeroes), 0); \
    } while (0)
    CHECK_ZERO(orch_op, ORCH_OP_INIT);
    CHECK_ZERO(orch_state_op, ORCH_STATE_OP_INIT);
    CHECK_ZERO(orch_state_key, ORCH_STATE_KEY_INIT);
#undef CHECK_ZERO
}

// Too small a struct is refused by its name, with the size that it has.
static void named_errors(void) {
    orch_engine *engine = host_engine();
    orch_event event = ORCH_EVENT_INIT;
    orch_terminal_state state = ORCH_TERMINAL_STATE_INIT;
    orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
    orch_attach_options attach = ORCH_ATTACH_OPTIONS_INIT;
    orch_search_options search = ORCH_SEARCH_OPTIONS_INIT;
    orch_matches found = ORCH_MATCHES_INIT;
    uint64_t id = 77;
    event.size = 0;
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID,
                "orch_event.size is 0; set it to sizeof(orch_event), which is at least 40");
    CHECK_STATUS(orch_engine_next_event(engine, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_event is NULL");
    state.size = HOST_FIRST_STATE - 1;
    CHECK_STATUS(orch_terminal_get_state(engine, 1, &state), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_terminal_state.size is 159");
    options.delivery = 9;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &id), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_spawn_options.delivery is 9");
    attach.flags = 2;
    CHECK_STATUS(orch_terminal_attach(engine, host_sh(engine, "exec cat"), &attach, &id),
                 ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_attach_options.flags");
    search.size = 1;
    CHECK_STATUS(orch_terminal_search(engine, 1, &search, &found), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_search_options.size is 1");
    CHECK_INT(id, 77);
    CHECK_OK(orch_engine_destroy(engine));
}

static void config(void) {
    WIDE(orch_config) wide;
    host_init(&wide.known, sizeof wide);
    orch_engine *engine = NULL;
    wide.tail[23] = 1;
    CHECK_STATUS(orch_engine_create(&wide.known, &engine), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_config has fields that");
    CHECK_ERROR(NULL, ORCH_E_INVALID, "does not know");
    wide.tail[23] = 0;
    wide.tail[0] = 1;
    CHECK_STATUS(orch_engine_create(&wide.known, &engine), ORCH_E_INVALID);
    wide.tail[0] = 0;
    wide.known.size = HOST_FIRST_CONFIG - 1;
    CHECK_STATUS(orch_engine_create(&wide.known, &engine), ORCH_E_INVALID);
    wide.known.size = 0;
    CHECK_STATUS(orch_engine_create(&wide.known, &engine), ORCH_E_INVALID);
    CHECK(engine == NULL);
    wide.known.size = sizeof wide;
    CHECK_OK(orch_engine_create(&wide.known, &engine));
    CHECK_OK(orch_engine_destroy(engine));
}

static void spawn_options(orch_engine *engine) {
    WIDE(orch_spawn_options) wide;
    orch_bytes argv[1];
    argv[0] = orch_str("true");
    host_init(&wide.known, sizeof wide);
    wide.known.argv = argv;
    wide.known.argv_len = 1;
    uint64_t terminal = 77;
    wide.tail[23] = 1;
    CHECK_STATUS(orch_terminal_spawn(engine, &wide.known, &terminal), ORCH_E_INVALID);
    wide.tail[23] = 0;
    wide.known.size = HOST_FIRST_SPAWN_OPTIONS - 1;
    CHECK_STATUS(orch_terminal_spawn(engine, &wide.known, &terminal), ORCH_E_INVALID);
    wide.known.size = 0;
    CHECK_STATUS(orch_terminal_spawn(engine, &wide.known, &terminal), ORCH_E_INVALID);
    CHECK_INT(terminal, 77);
    wide.known.size = sizeof wide;
    CHECK_OK(orch_terminal_spawn(engine, &wide.known, &terminal));
    host_until_exit(engine, terminal, 0, NULL);
}

static void attach_options(orch_engine *engine, uint64_t terminal) {
    WIDE(orch_attach_options) wide;
    host_init(&wide.known, sizeof wide);
    uint64_t reader = 77;
    wide.tail[0] = 1;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &wide.known, &reader), ORCH_E_INVALID);
    wide.tail[0] = 0;
    wide.known.size = HOST_FIRST_ATTACH_OPTIONS - 1;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &wide.known, &reader), ORCH_E_INVALID);
    CHECK_INT(reader, 77);
    wide.known.size = sizeof wide;
    CHECK_OK(orch_terminal_attach(engine, terminal, &wide.known, &reader));
}

static void adopt_options(orch_engine *engine) {
    WIDE(orch_adopt_options) wide;
    host_init(&wide.known, sizeof wide);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK_SYS(master);
    uint64_t terminal = 77;
    wide.tail[7] = 1;
    CHECK_STATUS(orch_terminal_adopt(engine, master, &wide.known, &terminal), ORCH_E_INVALID);
    wide.tail[7] = 0;
    wide.known.size = HOST_FIRST_ADOPT_OPTIONS - 1;
    CHECK_STATUS(orch_terminal_adopt(engine, master, &wide.known, &terminal), ORCH_E_INVALID);
    CHECK_INT(terminal, 77);
    wide.known.size = sizeof wide;
    CHECK_OK(orch_terminal_adopt(engine, master, &wide.known, &terminal));
}

static uint64_t wide_watch(orch_engine *engine, const char *path) {
    WIDE(orch_watch_options) wide;
    const orch_bytes root = orch_str(path);
    host_init(&wide.known, sizeof wide);
    wide.known.roots = &root;
    wide.known.root_count = 1;
    uint64_t watch = 77;
    wide.tail[0] = 1;
    CHECK_STATUS(orch_watch_add(engine, &wide.known, &watch), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "does not know");
    wide.tail[0] = 0;
    wide.known.size = HOST_FIRST_WATCH_OPTIONS - 1;
    CHECK_STATUS(orch_watch_add(engine, &wide.known, &watch), ORCH_E_INVALID);
    wide.known.size = 0;
    CHECK_STATUS(orch_watch_add(engine, &wide.known, &watch), ORCH_E_INVALID);
    CHECK_INT(watch, 77);
    wide.known.size = sizeof wide;
    return watch_ready_with(engine, &wide.known);
}

// Outputs: as much as there is room for, zeroes behind, the host's size stays.
static void event_output(orch_engine *engine, const orch_sender *sender) {
    WIDE(orch_event) wide;
    CHECK_OK(host_notify(sender, 5));
    host_turn(engine);
    const size_t too_small[] = {0, 8, HOST_FIRST_EVENT - 1};
    for (size_t i = 0; i < 3; i++) {
        check_fill(&wide, sizeof wide);
        wide.known.size = too_small[i];
        CHECK_STATUS(orch_engine_next_event(engine, &wide.known), ORCH_E_INVALID);
        CHECK_INT(wide.known.size, too_small[i]);
        CHECK(check_is_filled((char *)&wide + sizeof(size_t), sizeof wide - sizeof(size_t)));
    }
    // The event was not lost by that.
    wide.known.size = sizeof wide.known + 16;
    CHECK_OK(orch_engine_next_event(engine, &wide.known));
    CHECK_INT(wide.known.kind, ORCH_EVENT_COMPLETED);
    CHECK_INT(wide.known.tag, 5);
    CHECK_INT(wide.known.size, sizeof wide.known + 16);
    for (size_t i = 0; i < 16; i++) CHECK_INT(wide.tail[i], 0);
    CHECK(check_is_filled(wide.tail + 16, 8));
    // Without an event nothing is written.
    check_fill(&wide, sizeof wide);
    wide.known.size = sizeof wide;
    CHECK_STATUS(orch_engine_next_event(engine, &wide.known), ORCH_DONE);
    CHECK(check_is_filled((char *)&wide + sizeof(size_t), sizeof wide - sizeof(size_t)));
}

static void other_outputs(orch_engine *engine) {
    WIDE(orch_error) error;
    WIDE(orch_batch_result) result;
    CHECK_STATUS(orch_terminal_close(engine, 1, 0), ORCH_E_STALE_ID);
    check_fill(&error, sizeof error);
    error.known.size = sizeof error.known - 1;
    CHECK_STATUS(orch_error_get(engine, &error.known), ORCH_E_INVALID);
    CHECK_STATUS(orch_error_get(NULL, &error.known), ORCH_E_INVALID);
    CHECK(check_is_filled((char *)&error + sizeof(size_t), sizeof error - sizeof(size_t)));
    error.known.size = sizeof error;
    CHECK_OK(orch_error_get(engine, &error.known));
    CHECK_STATUS(error.known.status, ORCH_E_STALE_ID);
    CHECK_INT(error.known.size, sizeof error);
    for (size_t i = 0; i < sizeof error.tail; i++) CHECK_INT(error.tail[i], 0);

    check_fill(&result, sizeof result);
    result.known.size = sizeof result;
    CHECK_OK(orch_terminal_batch(engine, NULL, 0, 0, NULL, &result.known));
    CHECK_INT(result.known.size, sizeof result);
    for (size_t i = 0; i < sizeof result.tail; i++) CHECK_INT(result.tail[i], 0);
}

#define CHECK_SIZES(out, first_size, call)                                                  \
    do {                                                                                    \
        const size_t too_small[] = {0, 8, (first_size) - 1};                                \
        for (size_t i = 0; i < 3; i++) {                                                    \
            check_fill(&out, sizeof out);                                                   \
            out.known.size = too_small[i];                                                  \
            CHECK_STATUS(call, ORCH_E_INVALID);                                             \
            CHECK_INT(out.known.size, too_small[i]);                                        \
            CHECK(check_is_filled((char *)&out + sizeof(size_t), sizeof out - sizeof(size_t))); \
        }                                                                                   \
        out.known.size = sizeof out.known + 16;                                             \
        CHECK_OK(call);                                                                     \
        CHECK_INT(out.known.size, sizeof out.known + 16);                                   \
        for (size_t i = 0; i < 16; i++) CHECK_INT(out.tail[i], 0);                          \
        CHECK(check_is_filled(out.tail + 16, 8));                                           \
        out.known.size = sizeof out.known;                                                  \
        CHECK_OK(call);                                                                     \
        CHECK(check_is_filled(out.tail + 16, 8));                                           \
    } while (0)

static void stats_output(orch_engine *engine) {
    WIDE(orch_engine_stats) stats;
    CHECK_SIZES(stats, sizeof stats.known, orch_engine_get_stats(engine, &stats.known));
    CHECK(stats.known.turns > 0);
    WIDE(orch_memory) memory;
    CHECK_SIZES(memory, sizeof memory.known, orch_engine_get_memory(engine, &memory.known));
    CHECK(memory.known.limit > 0);
    WIDE(orch_engine_health) health;
    CHECK_SIZES(health, sizeof health.known, orch_engine_get_health(engine, &health.known));
    CHECK_INT(health.known.status, ORCH_HEALTH_OK);
    WIDE(orch_metrics) metrics;
    CHECK_SIZES(metrics, sizeof metrics.known, orch_engine_get_metrics(engine, &metrics.known));
    CHECK(metrics.known.turns > 0);
}

static void watch_outputs(orch_engine *engine) {
    static char base[WATCH_PATH_MAX];
    WIDE(orch_watch_state) state;
    WIDE(orch_file_changes) changes;
    orch_file_cursor cursor = {0, 0, 0};
    watch_enter(base);
    uint64_t watch = wide_watch(engine, base);
    CHECK_SIZES(state, HOST_FIRST_WATCH_STATE, orch_watch_get_state(engine, watch, &state.known));
    CHECK_INT(state.known.entries, 1);
    CHECK_SIZES(changes, sizeof changes.known, orch_watch_get_changes(engine, watch, &cursor, 0, &changes.known));
    CHECK_INT(changes.known.version.n, state.known.version.n);
    CHECK_OK(orch_watch_remove(engine, watch));
    watch_leave(base);
}

static void state_outputs(orch_engine *engine) {
    WIDE(orch_session) session;
    WIDE(orch_state_entry) entry;
    WIDE(orch_state_changes) changes;
    orch_state_cursor cursor = state_cursor();
    state_put_session(engine, "s", "Name");
    state_put_pane(engine, "p", "s");
    orch_state_key key = state_key(ORCH_COLLECTION_SESSIONS, orch_str("s"), 0, 0);
    CHECK_SIZES(entry, sizeof entry.known, orch_state_get_entry(engine, 0, &key, &entry.known));
    CHECK_INT(entry.known.session->pane_count, 1);
    key = state_key(ORCH_COLLECTION_PANES, orch_str("p"), 0, 0);
    CHECK_SIZES(entry, sizeof entry.known, orch_state_get_entry(engine, 0, &key, &entry.known));
    CHECK_BYTES(entry.known.pane->session.data, entry.known.pane->session.len, "s");
    CHECK_SIZES(changes, sizeof changes.known,
                orch_state_get_changes(engine, 0, &cursor, 1, 0, &changes.known));
    CHECK_INT(changes.known.version.n, state_version(engine).n);
    // Entries that a host gives may be larger as well, as long as what is behind is zero.
    memset(&session, 0, sizeof session);
    session.known = state_session("wide", "");
    session.known.size = sizeof session;
    CHECK_OK(state_set_session(engine, &session.known, 0, NULL));
    session.tail[23] = 1;
    CHECK_STATUS(state_set_session(engine, &session.known, STATE_NO_BASE, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "does not know");
}

// Inputs of a newer host: taken if what is behind is zero. Smaller than the first version: refused.
#define CHECK_INPUT(in, first_size, call, engine_of_error)         \
    do {                                                           \
        const size_t too_small[] = {0, 8, (first_size) - 1};       \
        for (size_t i = 0; i < 3; i++) {                           \
            in.known.size = too_small[i];                          \
            CHECK_STATUS(call, ORCH_E_INVALID);                    \
            CHECK_ERROR(engine_of_error, ORCH_E_INVALID, "size");  \
        }                                                          \
        in.known.size = sizeof in;                                 \
        for (size_t i = 0; i < sizeof in.tail; i += 23) {          \
            in.tail[i] = 1;                                        \
            CHECK_STATUS(call, ORCH_E_INVALID);                    \
            CHECK_ERROR(engine_of_error, ORCH_E_INVALID, "does not know"); \
            in.tail[i] = 0;                                        \
        }                                                          \
    } while (0)

static void inputs(orch_engine *engine, const orch_sender *sender) {
    WIDE(orch_listener_options) listen;
    WIDE(orch_token_options) token;
    WIDE(orch_command) command;
    char text[ORCH_TOKEN_BYTES];
    uint64_t id = 77;
    host_init(&listen, sizeof listen);
    listen.known.address = orch_str("127.0.0.1:0");
    CHECK_INPUT(listen, HOST_FIRST_LISTENER_OPTIONS, orch_listener_add(engine, &listen.known, &id), engine);
    CHECK_INT(id, 77);
    CHECK_OK(orch_listener_add(engine, &listen.known, &id));
    CHECK_OK(orch_listener_remove(engine, id));
    host_init(&token, sizeof token);
    token.known.scopes = ORCH_SCOPE_ALL;
    id = 77;
    CHECK_INPUT(token, sizeof token.known, orch_token_add(engine, &token.known, text, &id), engine);
    CHECK_INT(id, 77);
    CHECK_OK(orch_token_add(engine, &token.known, text, &id));
    CHECK_OK(orch_token_revoke(engine, id));
    host_init(&command, sizeof command);
    command.known.kind = ORCH_COMMAND_NOTIFY;
    CHECK_INPUT(command, sizeof command.known, orch_sender_post(sender, &command.known, 1), NULL);
    CHECK_OK(orch_sender_post(sender, &command.known, 1));
    orch_event event = host_event();
    do {
        host_next(engine, &event);
    } while (event.kind != ORCH_EVENT_COMPLETED);
    CHECK_INT(event.tag, 1);
}

static void peer_structs(orch_engine *engine) {
    WIDE(orch_peer_options) options;
    WIDE(orch_peer_attach_options) attach;
    WIDE(orch_request) request;
    WIDE(orch_peer_state) state;
    WIDE(orch_state_changes) changes;
    orch_state_cursor cursor = state_cursor();
    uint64_t peer = 77, number = 77;
    memset(&options, 0, sizeof options);
    options.known = peer_options("unix:/nonexistent/socket", "token");
    CHECK_INPUT(options, HOST_FIRST_PEER_OPTIONS, orch_peer_connect(engine, &options.known, &peer), engine);
    CHECK_INT(peer, 77);
    CHECK_OK(orch_peer_connect(engine, &options.known, &peer));
    CHECK_SIZES(state, sizeof state.known, orch_peer_get_state(engine, peer, &state.known));
    CHECK_INT(state.known.tag, PEER_TAG);
    CHECK_SIZES(changes, sizeof changes.known,
                orch_state_get_changes(engine, peer, &cursor, 1, 0, &changes.known));
    CHECK_INT(changes.known.version.n, 0);
    host_init(&attach, sizeof attach);
    CHECK_INPUT(attach, HOST_FIRST_PEER_ATTACH_OPTIONS,
                orch_peer_attach(engine, peer, 1, &attach.known), engine);
    CHECK_OK(orch_peer_attach(engine, peer, 1, &attach.known));
    host_init(&request, sizeof request);
    request.known.kind = ORCH_REQUEST_QUERY;
    CHECK_INPUT(request, HOST_FIRST_REQUEST,
                orch_peer_request(engine, peer, &request.known, &number), engine);
    CHECK_STATUS(orch_peer_request(engine, peer, &request.known, &number), ORCH_E_DISCONNECTED);
    CHECK_INT(number, 77);
    CHECK_OK(orch_peer_disconnect(engine, peer));
}

int main(void) {
    check_start();
    inits();
    named_errors();
    config();
    orch_engine *engine = host_engine();
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    event_output(engine, sender);
    uint64_t terminal = host_sh(engine, "exec cat");
    spawn_options(engine);
    attach_options(engine, terminal);
    adopt_options(engine);
    other_outputs(engine);
    stats_output(engine);
    watch_outputs(engine);
    state_outputs(engine);
    inputs(engine, sender);
    peer_structs(engine);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
