// Structs of other sizes than this library's: of a newer host with a tail, of no known version.

#include "peer.h"
#include "watch.h"

// A struct of a newer host: the known part and fields that this library has never heard of.
#define WIDE(type) \
    struct {       \
        type known; \
        unsigned char tail[24]; \
    }

// Init fills as much as it is told: zeroes behind what is known, nothing behind the size.
static void inits(void) {
#define CHECK_INIT(type, init, first_size)                                              \
    do {                                                                                \
        WIDE(type) wide;                                                                \
        check_fill(&wide, sizeof wide);                                                 \
        CHECK_STATUS(init(NULL, sizeof(type)), ORCH_E_INVALID);                         \
        CHECK_STATUS(init(&wide.known, (first_size) - 1), ORCH_E_INVALID);              \
        CHECK_STATUS(init(&wide.known, 8), ORCH_E_INVALID);                             \
        CHECK_STATUS(init(&wide.known, 0), ORCH_E_INVALID);                             \
        CHECK_ERROR(NULL, ORCH_E_INVALID, "size");                                      \
        CHECK(check_is_filled(&wide, sizeof wide));                                     \
        CHECK_OK(init(&wide.known, sizeof(type) + 16));                                 \
        CHECK_INT(wide.known.size, sizeof(type) + 16);                                  \
        for (size_t i = 0; i < 16; i++) CHECK_INT(wide.tail[i], 0);                     \
        CHECK(check_is_filled(wide.tail + 16, 8));                                      \
        CHECK_OK(init(&wide.known, sizeof(type)));                                      \
        CHECK_INT(wide.known.size, sizeof(type));                                       \
    } while (0)
    CHECK_INIT(orch_config, orch_config_init, HOST_FIRST_CONFIG);
    CHECK_INIT(orch_spawn_options, orch_spawn_options_init, HOST_FIRST_SPAWN_OPTIONS);
    CHECK_INIT(orch_adopt_options, orch_adopt_options_init, HOST_FIRST_ADOPT_OPTIONS);
    CHECK_INIT(orch_attach_options, orch_attach_options_init, HOST_FIRST_ATTACH_OPTIONS);
    CHECK_INIT(orch_screen_options, orch_screen_options_init, sizeof(orch_screen_options));
    CHECK_INIT(orch_search_options, orch_search_options_init, HOST_FIRST_SEARCH);
    CHECK_INIT(orch_watch_options, orch_watch_options_init, HOST_FIRST_WATCH_OPTIONS);
    CHECK_INIT(orch_listener_options, orch_listener_options_init, sizeof(orch_listener_options));
    CHECK_INIT(orch_token_options, orch_token_options_init, sizeof(orch_token_options));
    CHECK_INIT(orch_peer_options, orch_peer_options_init, sizeof(orch_peer_options));
    CHECK_INIT(orch_peer_attach_options, orch_peer_attach_options_init,
               HOST_FIRST_PEER_ATTACH_OPTIONS);
#undef CHECK_INIT
}

static void config(void) {
    WIDE(orch_config) wide;
    CHECK_OK(orch_config_init(&wide.known, sizeof wide));
    orch_engine *engine = NULL;
    wide.tail[23] = 1;
    CHECK_STATUS(orch_engine_create(&wide.known, &engine), ORCH_E_INVALID);
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
    CHECK_OK(orch_spawn_options_init(&wide.known, sizeof wide));
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
    CHECK_OK(orch_attach_options_init(&wide.known, sizeof wide));
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
    CHECK_OK(orch_adopt_options_init(&wide.known, sizeof wide));
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
    CHECK_OK(orch_watch_options_init(&wide.known, sizeof wide));
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
    CHECK_OK(orch_sender_notify(sender, 5));
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
    WIDE(orch_pane) pane;
    WIDE(orch_state_changes) changes;
    orch_state_cursor cursor = state_cursor();
    state_put_session(engine, "s", "Name");
    state_put_pane(engine, "p", "s");
    CHECK_SIZES(session, sizeof session.known, orch_state_get_session(engine, orch_str("s"), &session.known));
    CHECK_INT(session.known.pane_count, 1);
    CHECK_SIZES(pane, sizeof pane.known, orch_state_get_pane(engine, orch_str("p"), &pane.known));
    CHECK_BYTES(pane.known.session.data, pane.known.session.len, "s");
    CHECK_SIZES(changes, sizeof changes.known, orch_state_get_changes(engine, &cursor, 1, 0, &changes.known));
    CHECK_INT(changes.known.version.n, state_version(engine).n);
    // Entries that a host gives may be larger as well, as long as what is behind is zero.
    memset(&session, 0, sizeof session);
    session.known = state_session("wide", "");
    session.known.size = sizeof session;
    CHECK_OK(orch_state_set_session(engine, &session.known, 0, NULL));
    session.tail[23] = 1;
    CHECK_STATUS(orch_state_set_session(engine, &session.known, ORCH_STATE_NO_BASE, NULL),
                 ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "does not know");
}

static void peer_outputs(orch_engine *engine) {
    WIDE(orch_peer_options) options;
    WIDE(orch_peer_state) state;
    WIDE(orch_state_changes) changes;
    orch_peer_cursor cursor = {{0, 0, 0, 0}};
    uint64_t peer = 77;
    memset(&options, 0, sizeof options);
    options.known = peer_options("unix:/nonexistent/socket", "token");
    options.known.size = sizeof options;
    options.tail[23] = 1;
    CHECK_STATUS(orch_peer_connect(engine, &options.known, &peer), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "does not know");
    CHECK_INT(peer, 77);
    options.tail[23] = 0;
    CHECK_OK(orch_peer_connect(engine, &options.known, &peer));
    CHECK_SIZES(state, sizeof state.known, orch_peer_get_state(engine, peer, &state.known));
    CHECK_INT(state.known.tag, PEER_TAG);
    CHECK_SIZES(changes, sizeof changes.known, orch_peer_entries(engine, peer, &cursor, 1, 0, &changes.known));
    CHECK_INT(changes.known.version.n, 0);
    CHECK_OK(orch_peer_disconnect(engine, peer));
}

int main(void) {
    check_start();
    inits();
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
    watch_outputs(engine);
    state_outputs(engine);
    peer_outputs(engine);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
