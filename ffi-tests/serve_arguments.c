// Bad arguments of the calls about the server: NULL, sizes, numbers, addresses, names, secrets, ids that
// name nothing. Each gives an error with a message, and changes nothing.

#include "serve.h"

static const orch_bytes none = {NULL, 0};
static const orch_bytes not_utf8 = {"a\xFF", 2};
static const orch_bytes null_text = {NULL, 3};

#define REFUSED(call, status, part) \
    (CHECK_STATUS(call, status), CHECK_ERROR(engine, status, part))

static orch_listener_options listen_options(const char *address) {
    orch_listener_options options;
    host_init(&options, sizeof options);
    options.address = orch_str(address);
    return options;
}

static void listening(orch_engine *engine) {
    const orch_bytes good = orch_str("name:80");
    orch_listener_options bad;
    uint64_t listener = 77;
    int open_before = check_open_fds();
#define BAD(assignment, status, part)                              \
    do {                                                           \
        bad = listen_options("127.0.0.1:0");                       \
        assignment;                                                \
        REFUSED(orch_listener_add(engine, &bad, &listener), status, part); \
        CHECK_INT(listener, 77);                                   \
        CHECK_INT(check_open_fds(), open_before);                  \
    } while (0)
    bad = listen_options("127.0.0.1:0");
    REFUSED(orch_listener_add(engine, &bad, NULL), ORCH_E_INVALID, "NULL");
    REFUSED(orch_listener_add(engine, NULL, &listener), ORCH_E_INVALID, "NULL");
    BAD(bad.size = 0, ORCH_E_INVALID, "size");
    BAD(bad.size = HOST_FIRST_LISTENER_OPTIONS - 1, ORCH_E_INVALID, "size");
    BAD(bad.reserved = 1, ORCH_E_INVALID, "reserved");
    BAD(bad.allow_remote = 2, ORCH_E_INVALID, "allow_remote");
    const char *const addresses[] = {"",   "127.0.0.1", "localhost:80", "127.0.0.1:65536",
                                     ":0", "relative/path"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        BAD(bad.address = orch_str(addresses[i]), ORCH_E_INVALID, "address");
    }
    BAD(bad.address = not_utf8, ORCH_E_INVALID, "address");
    BAD(bad.address = null_text, ORCH_E_INVALID, "NULL");
    BAD(bad.address = orch_str("0.0.0.0:0"), ORCH_E_INVALID, "loopback");
    BAD(bad.address = orch_str("[::]:0"), ORCH_E_INVALID, "loopback");
    BAD(bad.address = orch_str("/tmp/orchflow-socket"), ORCH_E_PERMISSION, "0700");
    BAD(bad.host_count = 1, ORCH_E_INVALID, "NULL");
    BAD((bad.hosts = &good, bad.host_count = SIZE_MAX), ORCH_E_INVALID, "memory");
    BAD((bad.hosts = &not_utf8, bad.host_count = 1), ORCH_E_INVALID, "UTF-8");
    BAD((bad.hosts = &none, bad.host_count = 1), ORCH_E_INVALID, "");
    BAD(bad.adopts_fd = 2, ORCH_E_INVALID, "adopts_fd");
    BAD(bad.adopts_fd = 1, ORCH_E_INVALID, "beside `adopts_fd`");
    BAD((bad.address = none, bad.adopts_fd = 1, bad.fd = -1), ORCH_E_INVALID, "negative");
    BAD((bad.address = none, bad.adopts_fd = 1, bad.fd = 9999), ORCH_E_INVALID, "not open");
    BAD((bad.address = none, bad.adopts_fd = 1, bad.fd = orch_engine_get_fd(engine)), ORCH_E_INVALID,
        "not a stream socket");
    BAD(bad.origin_count = 1, ORCH_E_INVALID, "NULL");
    BAD((bad.origins = &not_utf8, bad.origin_count = 1), ORCH_E_INVALID, "UTF-8");
    BAD((bad.origins = &good, bad.origin_count = 1), ORCH_E_INVALID, "");
#undef BAD
    const uint64_t ids[] = {0, 1, UINT64_MAX};
    char text[8];
    size_t len = 77;
    check_fill(text, sizeof text);
    for (size_t i = 0; i < 3; i++) {
        REFUSED(orch_listener_get_address(engine, ids[i], text, 8, &len), ORCH_E_STALE_ID, "listener");
        REFUSED(orch_listener_remove(engine, ids[i]), ORCH_E_STALE_ID, "listener");
    }
    bad = listen_options("127.0.0.1:0");
    CHECK_OK(orch_listener_add(engine, &bad, &listener));
    REFUSED(orch_listener_get_address(engine, listener, NULL, 8, &len), ORCH_E_INVALID, "NULL");
    REFUSED(orch_listener_get_address(engine, listener, text, 8, NULL), ORCH_E_INVALID, "NULL");
    CHECK(check_is_filled(text, sizeof text));
    CHECK_INT(len, 77);
    CHECK_OK(orch_listener_remove(engine, listener));
    REFUSED(orch_listener_get_address(engine, listener, text, 8, &len), ORCH_E_STALE_ID, "listener");
    CHECK_INT(check_open_fds(), open_before);
}

static void tokens(orch_engine *engine) {
    static const char zeroes[32], longest[257], secret[32] = {1};
    orch_token_options bad;
    char text[ORCH_TOKEN_BYTES];
    uint64_t token = 77;
    check_fill(text, sizeof text);
#define BAD(assignment, part)                                               \
    do {                                                                    \
        host_init(&bad, sizeof bad);                                        \
        bad.scopes = ORCH_SCOPE_OBSERVE;                                    \
        assignment;                                                         \
        REFUSED(orch_token_add(engine, &bad, text, &token), ORCH_E_INVALID, part); \
        CHECK_INT(token, 77);                                               \
        CHECK(check_is_filled(text, sizeof text));                          \
    } while (0)
    BAD(bad.size = 0, "size");
    BAD(bad.size--, "size");
    BAD(bad.scopes = 0, "scope");
    BAD(bad.scopes = 16, "scopes");
    BAD(bad.scopes = UINT32_MAX, "scopes");
    BAD(bad.reserved = 1, "reserved");
    BAD(bad.secret = null_text, "NULL");
    BAD((bad.secret.data = secret, bad.secret.len = 31), "32");
    BAD((bad.secret.data = longest, bad.secret.len = 33), "32");
    BAD((bad.secret.data = zeroes, bad.secret.len = 32), "zero");
    BAD(bad.label = not_utf8, "UTF-8");
    BAD((bad.label.data = longest, bad.label.len = 257), "256");
#undef BAD
    // A message names the struct and the field.
    host_init(&bad, sizeof bad);
    bad.scopes = 16;
    REFUSED(orch_token_add(engine, &bad, text, &token), ORCH_E_INVALID, "orch_token_options.scopes: 16 ");
    REFUSED(orch_token_add(engine, NULL, text, &token), ORCH_E_INVALID, "NULL");
    host_init(&bad, sizeof bad);
    bad.scopes = ORCH_SCOPE_ALL;
    bad.secret.data = secret;
    bad.secret.len = sizeof secret;
    REFUSED(orch_token_add(engine, &bad, NULL, &token), ORCH_E_INVALID, "NULL");
    REFUSED(orch_token_add(engine, &bad, text, NULL), ORCH_E_INVALID, "NULL");
    CHECK(check_is_filled(text, sizeof text));
    CHECK_OK(orch_token_add(engine, &bad, text, &token));
    uint64_t second = 77;
    REFUSED(orch_token_add(engine, &bad, text, &second), ORCH_E_INVALID, "another token");
    CHECK_INT(second, 77);
    REFUSED(orch_token_revoke(engine, 0), ORCH_E_STALE_ID, "token");
    REFUSED(orch_token_revoke(engine, UINT64_MAX), ORCH_E_STALE_ID, "token");
    CHECK_OK(orch_token_revoke(engine, token));
    REFUSED(orch_token_revoke(engine, token), ORCH_E_STALE_ID, "token");
}

static void grants(orch_engine *engine) {
    static const char longest[65] = "x";
    const orch_bytes too_long = {longest, 65};
    orch_spawn_options options = host_options(NULL, 0), shell = options;
    REFUSED(orch_directory_set_granted(engine, none, 1), ORCH_E_INVALID, "");
    REFUSED(orch_directory_set_granted(engine, null_text, 1), ORCH_E_INVALID, "NULL");
    REFUSED(orch_directory_set_granted(engine, orch_str("relative"), 1), ORCH_E_INVALID, "absolute");
    REFUSED(orch_directory_set_granted(engine, null_text, 0), ORCH_E_INVALID, "NULL");
    REFUSED(orch_directory_set_granted(engine, orch_str("/tmp"), 0), ORCH_E_STALE_ID, "/tmp");
    REFUSED(orch_directory_set_granted(engine, orch_str("/tmp"), 2), ORCH_E_INVALID, "granted is 2");
    CHECK_OK(orch_directory_set_granted(engine, orch_str("/tmp"), 1));
    CHECK_OK(orch_directory_set_granted(engine, orch_str("/tmp"), 0));
    REFUSED(orch_profile_set(engine, null_text, NULL), ORCH_E_INVALID, "NULL");
    REFUSED(orch_profile_set(engine, orch_str("shell"), NULL), ORCH_E_STALE_ID, "shell");
    CHECK_OK(orch_profile_set(engine, orch_str("shell"), &shell));
    CHECK_OK(orch_profile_set(engine, orch_str("shell"), NULL));
    REFUSED(orch_directory_set_granted(engine, orch_str("/nothing/there"), 1), ORCH_E_NOT_FOUND, "");
    REFUSED(orch_directory_set_granted(engine, orch_str("/etc/passwd"), 1), ORCH_E_NOT_DIRECTORY, "");
    REFUSED(orch_profile_set(engine, none, &shell), ORCH_E_INVALID, "1 to 64");
    REFUSED(orch_profile_set(engine, too_long, &shell), ORCH_E_INVALID, "1 to 64");
    REFUSED(orch_profile_set(engine, not_utf8, &shell), ORCH_E_INVALID, "UTF-8");
    options.delivery = 99;
    REFUSED(orch_profile_set(engine, orch_str("x"), &options), ORCH_E_INVALID, "delivery");
    options.size = 1;
    REFUSED(orch_profile_set(engine, orch_str("x"), &options), ORCH_E_INVALID, "size");
}

static void clients(orch_engine *engine) {
    static char longest[124];
    const orch_bytes too_long = {longest, sizeof longest};
    orch_client_state info;
    uint64_t clients[2] = {77, 77};
    size_t count = 77;
    REFUSED(orch_engine_list(engine, ORCH_LIST_CLIENTS, clients, 2, NULL), ORCH_E_INVALID, "NULL");
    REFUSED(orch_engine_list(engine, ORCH_LIST_CLIENTS, NULL, 2, &count), ORCH_E_INVALID, "NULL");
    CHECK_INT(count, 77);
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_CLIENTS, clients, 2, &count));
    CHECK_INT(count, 0);
    CHECK_INT(clients[0] + clients[1], 154);
    check_fill(&info, sizeof info);
    const size_t sizes[] = {0, 8, offsetof(orch_client_state, memory_bytes) - 1};
    for (size_t i = 0; i < 3; i++) {
        info.size = sizes[i];
        REFUSED(orch_client_get_state(engine, 1, &info), ORCH_E_INVALID, "size");
        CHECK_INT(info.size, sizes[i]);
    }
    info.size = sizeof info;
    REFUSED(orch_client_get_state(engine, 1, NULL), ORCH_E_INVALID, "NULL");
    const uint64_t ids[] = {0, 1, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        REFUSED(orch_client_close(engine, ids[i], orch_str("x")), ORCH_E_STALE_ID, "");
        REFUSED(orch_client_get_state(engine, ids[i], &info), ORCH_E_STALE_ID, "client");
    }
    CHECK(check_is_filled((char *)&info + 8, sizeof info - 8));
    REFUSED(orch_client_close(engine, 1, not_utf8), ORCH_E_INVALID, "UTF-8");
    REFUSED(orch_client_close(engine, 1, null_text), ORCH_E_INVALID, "NULL");
    REFUSED(orch_client_close(engine, 1, too_long), ORCH_E_INVALID, "123");
}

// Limits of the configuration, and nothing new while shutting down.
static void limits(void) {
    const orch_listener_options options = listen_options("127.0.0.1:0");
    orch_config config = host_config();
    orch_engine *engine = NULL;
    orch_event event = host_event();
    uint64_t listener = 77, other = 77;
    config.listeners = 1;
    CHECK_OK(orch_engine_create(&config, &engine));
    CHECK_OK(orch_listener_add(engine, &options, &listener));
    REFUSED(orch_listener_add(engine, &options, &other), ORCH_E_LIMIT, "listened");
    CHECK_OK(orch_listener_remove(engine, listener));
    CHECK_OK(orch_engine_shutdown(engine, 0));
    REFUSED(orch_listener_add(engine, &options, &other), ORCH_E_GONE, "shutting down");
    CHECK_INT(other, 77);
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_SHUTDOWN_COMPLETE);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    serve_check_refused(NULL, ORCH_E_INVALID);
    orch_engine *engine = host_engine();
    listening(engine);
    tokens(engine);
    grants(engine);
    clients(engine);
    CHECK_OK(orch_engine_destroy(engine));
    limits();
    return 0;
}
