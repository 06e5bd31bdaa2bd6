// A client of the server, by hand: a socket, the HTTP upgrade, WebSocket frames, JSON as text. It lives in
// the thread of its engine, so while it waits it also lets the engine work.

#ifndef ORCHFLOW_TEST_SERVE_H
#define ORCHFLOW_TEST_SERVE_H

#include "host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SERVE_BYTES (1 << 16)

// Frames by their opcodes; SERVE_END stands for the end of the connection.
#define SERVE_TEXT 1
#define SERVE_CLOSE 8
#define SERVE_END 16

typedef struct serve_client {
    orch_engine *engine;
    int fd;
    char in[SERVE_BYTES];  // What came and was not looked at yet.
    size_t in_len;
    char text[SERVE_BYTES];  // Of the last frame, terminated.
    size_t text_len;
    uint32_t opcode;
} serve_client;

// Listens here; where exactly comes as text.
static inline uint64_t serve_listen(orch_engine *engine, const char *address, char text[256]) {
    orch_listener_options options;
    uint64_t listener = 0;
    size_t len = 0;
    host_init(&options, sizeof options);
    options.address = orch_str(address);
    CHECK_OK(orch_listener_add(engine, &options, &listener));
    CHECK(listener != 0);
    CHECK_OK(orch_listener_get_address(engine, listener, text, 255, &len));
    CHECK(len < 256);
    text[len] = '\0';
    return listener;
}

// A token with these scopes, its text terminated.
static inline uint64_t serve_token(orch_engine *engine, uint32_t scopes,
                                   char text[ORCH_TOKEN_BYTES + 1]) {
    orch_token_options options;
    uint64_t token = 0;
    host_init(&options, sizeof options);
    options.scopes = scopes;
    memset(text, 0, ORCH_TOKEN_BYTES + 1);
    CHECK_OK(orch_token_add(engine, &options, text, &token));
    CHECK(token != 0);
    CHECK_INT(strlen(text), ORCH_TOKEN_BYTES);
    return token;
}

// Connects to "127.0.0.1:PORT" or to the path of a Unix socket.
static inline int serve_connect(const char *address) {
    struct sockaddr_in in;
    struct sockaddr_un un;
    memset(&in, 0, sizeof in);
    memset(&un, 0, sizeof un);
    int is_unix = address[0] == '/';
    int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_SYS(fd);
    if (is_unix) {
        un.sun_family = AF_UNIX;
        CHECK(strlen(address) < sizeof un.sun_path);
        strcpy(un.sun_path, address);
        CHECK_SYS(connect(fd, (struct sockaddr *)&un, sizeof un));
        return fd;
    }
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(strncmp(address, "127.0.0.1:", 10) == 0);
    in.sin_port = htons((uint16_t)atoi(address + 10));
    CHECK_SYS(connect(fd, (struct sockaddr *)&in, sizeof in));
    return fd;
}

static inline void serve_send_bytes(serve_client *client, const void *data, size_t len) {
    const char *from = (const char *)data;
    while (len > 0) {
        ssize_t sent = send(client->fd, from, len, MSG_NOSIGNAL);
        CHECK(sent > 0);
        from += sent;
        len -= (size_t)sent;
    }
}

// Reads more; 0 at the end of the connection. The engine works meanwhile; its events are dropped.
static inline int serve_receive_more(serve_client *client) {
    for (;;) {
        orch_event event = host_event();
        struct pollfd fds[2] = {{orch_engine_get_fd(client->engine), POLLIN, 0}, {client->fd, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0) {
            CHECK_INT(errno, EINTR);
            continue;
        }
        if (fds[0].revents != 0) {
            CHECK_OK(orch_engine_turn(client->engine, 0));
            while (orch_engine_next_event(client->engine, &event) == ORCH_OK) {
                CHECK(event.kind != ORCH_EVENT_LOG && event.kind != ORCH_EVENT_REVIEW);
            }
        }
        if (fds[1].revents == 0) continue;
        CHECK(client->in_len < sizeof client->in);
        ssize_t got =
            recv(client->fd, client->in + client->in_len, sizeof client->in - client->in_len, 0);
        if (got <= 0) return 0;
        client->in_len += (size_t)got;
        return 1;
    }
}

static inline void serve_drop(serve_client *client, size_t len) {
    CHECK(len <= client->in_len);
    memmove(client->in, client->in + len, client->in_len - len);
    client->in_len -= len;
}

// Asks for the upgrade; the head of the answer is the client's text then.
static inline void serve_upgrade(serve_client *client, orch_engine *engine, const char *address) {
    char request[1024];
    memset(client, 0, sizeof *client);
    client->engine = engine;
    client->fd = serve_connect(address);
    int len = snprintf(request, sizeof request,
                       "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Protocol: orchflow.v1.json\r\n\r\n",
                       address[0] == '/' ? "localhost" : address);
    serve_send_bytes(client, request, (size_t)len);
    char *end;
    while ((end = (char *)memmem(client->in, client->in_len, "\r\n\r\n", 4)) == NULL) {
        CHECK(serve_receive_more(client));
    }
    client->text_len = (size_t)(end - client->in) + 4;
    memcpy(client->text, client->in, client->text_len);
    client->text[client->text_len] = '\0';
    serve_drop(client, client->text_len);
}

// The whole response to an HTTP request on a connection of its own, until the next such call.
static inline const char *serve_response(orch_engine *engine, const char *address, const char *request) {
    static serve_client client;
    memset(&client, 0, sizeof client);
    client.engine = engine;
    client.fd = serve_connect(address);
    serve_send_bytes(&client, request, strlen(request));
    while (serve_receive_more(&client)) continue;
    CHECK_SYS(close(client.fd));
    CHECK(client.in_len < sizeof client.text);
    memcpy(client.text, client.in, client.in_len);
    client.text[client.in_len] = '\0';
    return client.text;
}

// The next frame of the server, which is whole and not masked, or the end.
static inline uint32_t serve_frame(serve_client *client) {
    for (;;) {
        const unsigned char *in = (const unsigned char *)client->in;
        size_t head = 2, len = 0;
        if (client->in_len >= 2) {
            len = in[1] & 127;
            if (len == 126) head = 4;
            if (len == 127) head = 10;
        }
        if (client->in_len >= 2 && client->in_len >= head) {
            CHECK((in[0] & 0x80) != 0 && (in[1] & 0x80) == 0);
            if (head > 2) len = 0;
            for (size_t i = 2; i < head; i++) len = len << 8 | in[i];
            if (client->in_len - head >= len) {
                CHECK(len < sizeof client->text);
                client->opcode = in[0] & 15;
                memcpy(client->text, client->in + head, len);
                client->text[len] = '\0';
                client->text_len = len;
                serve_drop(client, head + len);
                return client->opcode;
            }
        }
        if (!serve_receive_more(client)) return client->opcode = SERVE_END;
    }
}

// Reads messages up to one with all of this in it.
static inline void serve_until(serve_client *client, const char *part) {
    do {
        uint32_t opcode = serve_frame(client);
        if (opcode == SERVE_END || opcode == SERVE_CLOSE) {
            dprintf(check_stderr, "closed while waiting for %s: %s\n", part, client->text + 2);
        }
        CHECK(opcode != SERVE_END && opcode != SERVE_CLOSE);
    } while (client->opcode != SERVE_TEXT || strstr(client->text, part) == NULL);
}

// The connection is closed with this code and reason.
static inline void serve_until_closed(serve_client *client, int code, const char *reason) {
    while (serve_frame(client) != SERVE_CLOSE) CHECK(client->opcode != SERVE_END);
    CHECK(client->text_len >= 2);
    CHECK_INT((unsigned char)client->text[0] << 8 | (unsigned char)client->text[1], code);
    CHECK_BYTES(client->text + 2, client->text_len - 2, reason);
    CHECK_SYS(close(client->fd));
}

// Sends a message, masked as a client has to.
static inline void serve_send(serve_client *client, const char *format, ...) {
    static char frame[8 + 4096];
    static const char mask[4] = {1, 2, 3, 4};
    va_list args;
    va_start(args, format);
    int len = vsnprintf(frame + 8, sizeof frame - 8, format, args);
    va_end(args);
    CHECK(len >= 0 && (size_t)len < sizeof frame - 8);
    // A length has to be written as short as it can be.
    char *begin = len < 126 ? frame + 2 : frame;
    begin[0] = (char)0x81;
    if (len < 126) {
        begin[1] = (char)(0x80 | len);
    } else {
        begin[1] = (char)(0x80 | 126);
        begin[2] = (char)(len >> 8);
        begin[3] = (char)(len & 255);
    }
    memcpy(frame + 4, mask, 4);
    for (int i = 0; i < len; i++) frame[8 + i] = (char)(frame[8 + i] ^ mask[i % 4]);
    serve_send_bytes(client, begin, (size_t)(frame + 8 + len - begin));
}

// Opens a connection and authenticates.
static inline void serve_hello(serve_client *client, orch_engine *engine, const char *address,
                               const char *token) {
    serve_upgrade(client, engine, address);
    CHECK(strncmp(client->text, "HTTP/1.1 101 ", 13) == 0);
    CHECK(strstr(client->text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != NULL);
    CHECK(strstr(client->text, "orchflow.v1.json") != NULL);
    serve_send(client, "{\"type\":\"hello\",\"token\":\"%s\",\"client\":\"by hand\","
                       "\"collections\":[\"sessions\",\"panes\"]}", token);
    serve_until(client, "\"type\":\"welcome\"");
}

// How many clients there are, and the state of one of them.
static inline size_t serve_clients(orch_engine *engine, orch_client_state *info) {
    size_t count = 77;
    uint64_t client = 0;
    check_fill(info, sizeof *info);
    info->size = sizeof *info;
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_CLIENTS, &client, 1, &count));
    if (count == 0) return 0;
    CHECK_OK(orch_client_get_state(engine, client, info));
    CHECK_INT(info->size, sizeof *info);
    CHECK_INT(info->client, client);
    return count;
}

// Every call about the server is refused with this status, and leaves its outputs alone.
static inline void serve_check_refused(orch_engine *engine, int32_t status) {
    const orch_bytes none = {NULL, 0};
    const orch_spawn_options shell = host_options(NULL, 0);
    orch_listener_options listen;
    orch_token_options token;
    orch_client_state info;
    char text[ORCH_TOKEN_BYTES];
    uint64_t id = 77;
    size_t count = 77;
    host_init(&listen, sizeof listen);
    host_init(&token, sizeof token);
    listen.address = orch_str("127.0.0.1:0");
    token.scopes = ORCH_SCOPE_ALL;
    check_fill(text, sizeof text);
    check_fill(&info, sizeof info);
    info.size = sizeof info;
    CHECK_STATUS(orch_listener_add(engine, &listen, &id), status);
    CHECK_STATUS(orch_listener_get_address(engine, 1, text, sizeof text, &count), status);
    CHECK_STATUS(orch_listener_remove(engine, 1), status);
    CHECK_STATUS(orch_token_add(engine, &token, text, &id), status);
    CHECK_STATUS(orch_token_revoke(engine, 1), status);
    CHECK_STATUS(orch_directory_set_granted(engine, orch_str("/tmp"), 1), status);
    CHECK_STATUS(orch_profile_set(engine, orch_str("x"), &shell), status);
    CHECK_STATUS(orch_directory_set_granted(engine, orch_str("/tmp"), 0), status);
    CHECK_STATUS(orch_profile_set(engine, orch_str("x"), NULL), status);
    for (uint32_t kind = ORCH_LIST_TERMINALS; kind <= ORCH_LIST_PEERS; kind++) {
        CHECK_STATUS(orch_engine_list(engine, kind, &id, 1, &count), status);
    }
    CHECK_STATUS(orch_client_get_state(engine, 1, &info), status);
    CHECK_STATUS(orch_client_close(engine, 1, none), status);
    CHECK_INT(id + count, 154);
    CHECK(check_is_filled(text, sizeof text));
    CHECK(check_is_filled((char *)&info + 8, sizeof info - 8));
}

#endif
