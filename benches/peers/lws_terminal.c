/* The peer of benches/serve: terminals over WebSockets as one builds them on libwebsockets.
 *
 *   lws_terminal COMMAND...     listens on a loopback port, which it prints as port=N
 *
 * A connection to /N gets a PTY of its own in which COMMAND N runs, by `sh -c`; a command that begins with
 * "raw:" has its terminal in raw mode. What a client sends is typed; output goes out as binary messages, one
 * for each read, and the PTY is not read while one waits, so nothing is lost and nothing grows. When the
 * program has ended and its last byte is sent the connection is closed.
 *
 * It ends when its standard input does, and in any case after ten minutes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { FRAME_BYTES = 64 * 1024, SECONDS_MAX = 600 };

struct session {
    struct lws *websocket;
    struct lws *pty;      /* NULL once the program's side is closed */
    int command;
    int master;           /* lives as long as the session; lws has a duplicate */
    pid_t pid;
    size_t length;        /* of what waits in `frame` */
    bool over;            /* the program has ended; send the tail, then close */
    unsigned char *tail;
    size_t tail_at, tail_length;
    unsigned char *frame; /* LWS_PRE bytes, then the message */
};

static char **commands;
static int commands_count;

static void start(struct session *s, struct lws *wsi)
{
    const char *command = commands[s->command];
    struct termios raw, *mode = NULL;
    if (strncmp(command, "raw:", 4) == 0) {
        command += 4;
        memset(&raw, 0, sizeof raw);
        cfmakeraw(&raw);
        raw.c_cflag |= CREAD;
        raw.c_cc[VMIN] = 1;
        mode = &raw;
    }
    s->frame = malloc(LWS_PRE + FRAME_BYTES);
    s->pid = forkpty(&s->master, NULL, mode, NULL);
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (s->pid < 0 || s->frame == NULL)
        abort();
    fcntl(s->master, F_SETFL, O_NONBLOCK);
    fcntl(s->master, F_SETFD, FD_CLOEXEC);
    lws_sock_file_fd_type fd = { .filefd = dup(s->master) };
    s->pty = lws_adopt_descriptor_vhost(lws_get_vhost(wsi), LWS_ADOPT_RAW_FILE_DESC, fd, "pty", wsi);
    if (s->pty == NULL)
        abort();
    /* Not found by its parent: that is forgotten before the close is reported. */
    lws_set_opaque_user_data(s->pty, s);
    s->websocket = wsi;
}

static void end(struct session *s)
{
    if (s->pty != NULL)
        lws_set_opaque_user_data(s->pty, NULL);
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        close(s->master);
        waitpid(s->pid, NULL, 0);
    }
    free(s->frame);
    free(s->tail);
}

/* What is left in the PTY when its other side is closed. */
static void read_tail(struct session *s)
{
    for (;;) {
        unsigned char *grown = realloc(s->tail, LWS_PRE + s->tail_length + FRAME_BYTES);
        if (grown == NULL)
            abort();
        s->tail = grown;
        ssize_t n = read(s->master, s->tail + LWS_PRE + s->tail_length, FRAME_BYTES);
        if (n <= 0)
            return;
        s->tail_length += (size_t)n;
    }
}

static int send_next(struct session *s, struct lws *wsi)
{
    if (s->length > 0) {
        if (lws_write(wsi, s->frame + LWS_PRE, s->length, LWS_WRITE_BINARY) < 0)
            return -1;
        s->length = 0;
        if (s->pty != NULL)
            lws_rx_flow_control(s->pty, 1);
        if (s->over)
            lws_callback_on_writable(wsi);
        return 0;
    }
    if (!s->over)
        return 0;
    size_t left = s->tail_length - s->tail_at;
    if (left == 0)
        return -1;
    if (left > FRAME_BYTES)
        left = FRAME_BYTES;
    /* The bytes before it are sent already, so they are the room that lws wants. */
    if (lws_write(wsi, s->tail + LWS_PRE + s->tail_at, left, LWS_WRITE_BINARY) < 0)
        return -1;
    s->tail_at += left;
    lws_callback_on_writable(wsi);
    return 0;
}

static int on_websocket(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct session *s = user;
    char path[64];
    switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) < 2)
            return -1;
        s->command = atoi(path + 1);
        return s->command >= 0 && s->command < commands_count ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        start(s, wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return write(s->master, in, length) == (ssize_t)length ? 0 : -1;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return send_next(s, wsi);
    case LWS_CALLBACK_CLOSED:
        end(s);
        return 0;
    default:
        return 0;
    }
}

static int on_pty(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    (void)in;
    (void)length;
    struct session *s = lws_get_opaque_user_data(wsi);
    if (s == NULL)
        return 0;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        if (s->length > 0)
            return 0; /* it waits for the one before */
        ssize_t n = read(s->master, s->frame + LWS_PRE, FRAME_BYTES);
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        s->length = (size_t)n;
        lws_rx_flow_control(wsi, 0);
        lws_callback_on_writable(s->websocket);
    } else if (reason == LWS_CALLBACK_RAW_CLOSE_FILE) {
        read_tail(s);
        s->pty = NULL;
        s->over = true;
        lws_callback_on_writable(s->websocket);
    }
    return 0;
}

static int on_stdin(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)wsi;
    (void)user;
    (void)in;
    (void)length;
    if (reason == LWS_CALLBACK_RAW_RX_FILE || reason == LWS_CALLBACK_RAW_CLOSE_FILE)
        _exit(0);
    return 0;
}

static const struct lws_protocols protocols[] = {
    { "terminal", on_websocket, sizeof(struct session), FRAME_BYTES, 0, NULL, 0 },
    { "pty", on_pty, 0, 0, 0, NULL, 0 },
    { "stdin", on_stdin, 0, 0, 0, NULL, 0 },
    { NULL, NULL, 0, 0, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
    commands = argv + 1;
    commands_count = argc - 1;
    alarm(SECONDS_MAX);
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = 0;
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    struct lws_context *context = lws_create_context(&info);
    struct lws_vhost *vhost = context == NULL ? NULL : lws_create_vhost(context, &info);
    if (vhost == NULL)
        return 1;
    lws_sock_file_fd_type fd = { .filefd = 0 };
    if (lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "stdin", NULL) == NULL)
        return 1;
    printf("port=%d\n", lws_get_vhost_listen_port(vhost));
    fflush(stdout);
    while (lws_service(context, 0) >= 0)
        ;
    return 0;
}
