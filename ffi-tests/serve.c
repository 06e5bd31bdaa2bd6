// The server from both sides: a host listens, makes tokens and closes clients; a client comes in by hand.

#include "serve.h"
#include "state.h"

#include <sys/stat.h>

// A client authenticates, mirrors the state, and is closed with a reason.
static void one_client(const char *listen_on) {
    static serve_client client;
    char address[256], token[ORCH_TOKEN_BYTES + 1], number[64];
    orch_client_state info;
    orch_engine *engine = host_engine();
    uint64_t listener = serve_listen(engine, listen_on, address);
    serve_token(engine, ORCH_SCOPE_OBSERVE | ORCH_SCOPE_MANAGE, token);
    CHECK_INT(serve_clients(engine, &info), 0);
    CHECK(check_is_filled((char *)&info + 8, sizeof info - 8));
    state_put_session(engine, "before", "Before");
    serve_hello(&client, engine, address, token);
    CHECK(strstr(client.text, "\"observe\"") != NULL && strstr(client.text, "\"manage\"") != NULL);
    CHECK(strstr(client.text, "\"type\"]") == NULL);
    CHECK_INT(serve_clients(engine, &info), 1);
    CHECK_BYTES(info.name.data, info.name.len, "by hand");
    CHECK_INT(info.scopes, ORCH_SCOPE_OBSERVE | ORCH_SCOPE_MANAGE);
    CHECK_INT(info.terminals, 0);
    CHECK_INT(info.reserved, 0);
    snprintf(number, sizeof number, "\"client\":%llu", (unsigned long long)info.client);
    CHECK(strstr(client.text, number) != NULL);
    // What the host sets, and what the client does.
    serve_until(&client, "\"Before\"");
    state_put_session(engine, "later", "Later");
    serve_until(&client, "\"Later\"");
    serve_send(&client, "{\"type\":\"change\",\"mutation\":7,\"ops\":[{\"change\":{\"put_pane\":{"
                        "\"id\":\"p\",\"session\":\"later\",\"title\":\"Made there\"}}}]}");
    serve_until(&client, "\"mutation\":7");
    const orch_pane pane = state_get_pane(engine, "p");
    CHECK_BYTES(pane.title.data, pane.title.len, "Made there");
    // Listening no longer leaves the client where it is.
    CHECK_OK(orch_listener_remove(engine, listener));
    CHECK_STATUS(orch_listener_remove(engine, listener), ORCH_E_STALE_ID);
    CHECK_INT(serve_clients(engine, &info), 1);
    CHECK_OK(orch_client_close(engine, info.client, orch_str("enough")));
    serve_until_closed(&client, 1000, "enough");
    CHECK_INT(serve_clients(engine, &info), 0);
    CHECK_OK(orch_engine_destroy(engine));
}

static void over_unix(void) {
    char folder[] = "/tmp/orchflow-serve-XXXXXX", path[128];
    struct stat stat_of;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/own/socket", folder);
    one_client(path);
    CHECK_INT(stat(path, &stat_of), -1);
    snprintf(path, sizeof path, "%s/own", folder);
    CHECK_SYS(stat(path, &stat_of));
    CHECK_INT(stat_of.st_mode & 0777, 0700);
    CHECK_SYS(rmdir(path));
    CHECK_SYS(rmdir(folder));
}

// The address is cut off where the caller's room ends, and its length is reported.
static void addresses(void) {
    char address[256], short_one[4];
    orch_engine *engine = host_engine();
    uint64_t listener = serve_listen(engine, "127.0.0.1:0", address);
    size_t len = 0;
    CHECK(atoi(address + 10) > 0);
    CHECK_OK(orch_listener_get_address(engine, listener, NULL, 0, &len));
    CHECK_INT(len, strlen(address));
    check_fill(short_one, sizeof short_one);
    CHECK_OK(orch_listener_get_address(engine, listener, short_one, 3, &len));
    CHECK_INT(len, strlen(address));
    CHECK_INT(memcmp(short_one, "127", 3), 0);
    CHECK(check_is_filled(short_one + 3, 1));
    CHECK(serve_listen(engine, "[::1]:0", address) != listener);
    CHECK_INT(strncmp(address, "[::1]:", 6), 0);
    // The port is taken.
    orch_listener_options options;
    uint64_t other = 77;
    host_init(&options, sizeof options);
    options.address = orch_str(address);
    CHECK_STATUS(orch_listener_add(engine, &options, &other), ORCH_E_SYSTEM);
    CHECK_INT(other, 77);
    CHECK_OK(orch_engine_destroy(engine));
}

// A socket that the host has bound: the engine uses a copy of it.
static void adopted(void) {
    static serve_client client;
    char address[256], token[ORCH_TOKEN_BYTES + 1], expected[64];
    struct sockaddr_in in;
    socklen_t in_len = sizeof in;
    size_t len = 0;
    uint64_t listener = 0;
    orch_engine *engine = host_engine();
    serve_token(engine, ORCH_SCOPE_OBSERVE, token);
    memset(&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_SYS(fd);
    CHECK_SYS(bind(fd, (struct sockaddr *)&in, sizeof in));
    orch_listener_options options;
    host_init(&options, sizeof options);
    options.adopts_fd = 1;
    options.fd = fd;
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "does not listen");
    CHECK_SYS(listen(fd, 8));
    CHECK_OK(orch_listener_add(engine, &options, &listener));
    CHECK_SYS(getsockname(fd, (struct sockaddr *)&in, &in_len));
    CHECK_SYS(close(fd));
    CHECK_OK(orch_listener_get_address(engine, listener, address, 255, &len));
    address[len] = '\0';
    snprintf(expected, sizeof expected, "127.0.0.1:%d", ntohs(in.sin_port));
    CHECK_BYTES(address, len, expected);
    serve_hello(&client, engine, address, token);
    CHECK_SYS(close(client.fd));
    CHECK_OK(orch_engine_destroy(engine));
}

// A token that is revoked closes who came in by it; nobody comes in by it, or by none.
static void tokens(void) {
    static serve_client client;
    char address[256], first[ORCH_TOKEN_BYTES + 1], second[ORCH_TOKEN_BYTES + 1];
    orch_client_state info;
    orch_engine *engine = host_engine();
    serve_listen(engine, "127.0.0.1:0", address);
    uint64_t token = serve_token(engine, ORCH_SCOPE_OBSERVE, first);
    CHECK(serve_token(engine, ORCH_SCOPE_ALL, second) != token);
    CHECK(strcmp(first, second) != 0);
    serve_hello(&client, engine, address, first);
    CHECK_OK(orch_token_revoke(engine, token));
    while (serve_frame(&client) != SERVE_CLOSE) CHECK(client.opcode != SERVE_END);
    CHECK_SYS(close(client.fd));
    CHECK_INT(serve_clients(engine, &info), 0);
    CHECK_STATUS(orch_token_revoke(engine, token), ORCH_E_STALE_ID);
    serve_upgrade(&client, engine, address);
    serve_send(&client, "{\"type\":\"hello\",\"token\":\"%s\"}", first);
    while (serve_frame(&client) != SERVE_CLOSE) CHECK(client.opcode != SERVE_END);
    CHECK_SYS(close(client.fd));
    // The host's own secret gives its own text.
    orch_token_options options;
    static const char secret[32] = {1, 2, 3};
    host_init(&options, sizeof options);
    options.scopes = ORCH_SCOPE_ALL;
    options.secret.data = secret;
    options.secret.len = sizeof secret;
    options.label = orch_str("ours");
    options.expires_in_ms = UINT64_MAX;
    CHECK_OK(orch_token_add(engine, &options, first, &token));
    CHECK_BYTES(first, ORCH_TOKEN_BYTES, "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    serve_hello(&client, engine, address, first);
    CHECK_SYS(close(client.fd));
    CHECK_OK(orch_engine_destroy(engine));
}

// Clients start what the host has granted, where it has granted it.
static void grants(void) {
    static serve_client client;
    char address[256], token[ORCH_TOKEN_BYTES + 1];
    orch_bytes argv[3];
    orch_engine *engine = host_engine();
    serve_listen(engine, "127.0.0.1:0", address);
    serve_token(engine, ORCH_SCOPE_ALL, token);
    host_sh_argv(argv, "exec cat");
    const orch_spawn_options options = host_options(argv, 3), shell = host_options(NULL, 0);
    CHECK_OK(orch_profile_set(engine, orch_str("shell"), &shell));
    CHECK_OK(orch_profile_set(engine, orch_str("cat"), &options));
    CHECK_OK(orch_directory_set_granted(engine, orch_str("/tmp"), 1));
    serve_hello(&client, engine, address, token);
    CHECK(strstr(client.text, "\"cat\"") != NULL && strstr(client.text, "\"shell\"") != NULL);
    // valgrind does not know openat2, by which the directory is found.
    const char *cwd = getenv("ORCHFLOW_VALGRIND") == NULL ? ",\"cwd\":\"/tmp\"" : "";
    serve_send(&client, "{\"type\":\"spawn\",\"id\":5,\"profile\":\"cat\"%s}", cwd);
    serve_until(&client, "\"spawned\"");
    uint64_t terminal = 0;
    size_t count = 0;
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, &terminal, 1, &count));
    CHECK_INT(count, 1);
    orch_client_state info;
    serve_send(&client, "{\"type\":\"attach\",\"terminal\":%llu}", (unsigned long long)terminal);
    serve_until(&client, "\"attached\"");
    CHECK_INT(serve_clients(engine, &info), 1);
    CHECK_INT(info.terminals, 1);
    serve_send(&client, "{\"type\":\"spawn\",\"id\":6,\"profile\":\"none\"}");
    serve_until(&client, "\"failed\"");
    CHECK_SYS(close(client.fd));
    CHECK_OK(orch_engine_destroy(engine));
    host_reap_killed();
}

int main(void) {
    check_start();
    one_client("127.0.0.1:0");
    over_unix();
    addresses();
    adopted();
    tokens();
    grants();
    return 0;
}
