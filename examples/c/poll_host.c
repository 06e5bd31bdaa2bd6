/* A C host with a loop of its own: it polls its stdin and the engine's descriptor with poll(2) and
 * lets a program run in a terminal of the engine.
 *
 *     cc poll_host.c $(pkg-config --cflags --libs orchflow) -o poll_host
 *     ./poll_host sh -c 'read name; echo hello $name; exit 3'
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <orchflow.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGS_MAX 64

/* What the loop goes on with. */
struct host {
    orch_engine *engine;
    uint64_t terminal;
    int stdin_open;
    int running;
    int exit_status;
};

static void fail(struct host *host, const char *what) {
    orch_error error = ORCH_ERROR_INIT;
    if (orch_error_get(host->engine, &error) == ORCH_OK) {
        fprintf(stderr, "%s: %.*s\n", what, (int)error.message.len,
                (const char *)error.message.data);
    }
    orch_engine_destroy(host->engine);
    exit(1);
}

static void start(struct host *host, int argc, char **argv) {
    orch_bytes args[ARGS_MAX];
    orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
    if (orch_engine_create(NULL, &host->engine) != ORCH_OK) {
        fail(host, "create");
    }
    for (int i = 0; i < argc && i < ARGS_MAX; i++) {
        args[i] = orch_str(argv[i]);
    }
    options.argv = args;
    options.argv_len = (size_t)(argc < ARGS_MAX ? argc : ARGS_MAX);
    if (orch_terminal_spawn(host->engine, &options, &host->terminal) != ORCH_OK) {
        fail(host, "spawn");
    }
    host->running = 1;
}

/* Stdin becomes the terminal's input, and its end the end-of-file character. */
static void read_stdin(struct host *host) {
    char buffer[4096];
    ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
    if (n > 0) {
        size_t accepted = 0; /* A host with much to say waits for ORCH_EVENT_INPUT_READY. */
        orch_terminal_write(host->engine, host->terminal, buffer, (size_t)n, &accepted);
    } else if (n == 0 || errno != EINTR) {
        host->stdin_open = 0;
        orch_terminal_control(host->engine, host->terminal, ORCH_CONTROL_EOF);
    }
}

static void read_events(struct host *host) {
    orch_event event = ORCH_EVENT_INIT;
    const orch_event_exited *exited;
    while (orch_engine_next_event(host->engine, &event) == ORCH_OK) {
        switch (event.kind) {
        case ORCH_EVENT_OUTPUT:
            fwrite(event.payload.output->data, 1, event.payload.output->len, stdout);
            break;
        case ORCH_EVENT_EXITED:
            exited = event.payload.exited;
            host->exit_status = exited->exit_kind == ORCH_EXIT_CODE ? exited->exit_value
                                                                    : 128 + exited->exit_value;
            host->running = 0;
            break;
        default:
            break;
        }
    }
    fflush(stdout);
}

int main(int argc, char **argv) {
    struct host host = {0};
    start(&host, argc - 1, argv + 1);
    host.stdin_open = 1;
    while (host.running) {
        struct pollfd fds[2] = {{orch_engine_get_fd(host.engine), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        if (poll(fds, host.stdin_open ? 2 : 1, -1) < 0 && errno != EINTR) {
            break;
        }
        if (host.stdin_open && fds[1].revents != 0) {
            read_stdin(&host);
        }
        if (orch_engine_turn(host.engine, 0) != ORCH_OK) {
            fail(&host, "turn");
        }
        read_events(&host);
    }
    orch_engine_destroy(host.engine);
    return host.exit_status;
}
