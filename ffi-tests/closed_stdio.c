// A host without stdin, stdout and stderr, as a daemon may be: what the engine opens gets the numbers
// 0 to 2, and programs still get their terminal there.

#include "pty.h"

int main(void) {
    check_start();
    check_stderr = fcntl(2, F_DUPFD_CLOEXEC, 500);
    CHECK_SYS(check_stderr);
    for (int fd = 0; fd <= 2; fd++) close(fd);
    orch_engine *engine = host_engine();
    for (int round = 0; round < 3; round++) {
        host_text text;
        text.len = 0;
        uint64_t terminal = host_sh(
            engine, "ls -1 /proc/self/fd; test -t 0 && test -t 1 && test -t 2 && echo terminal >&2");
        host_until_exit(engine, terminal, 0, &text);
        CHECK_BYTES(text.data, text.len, "0\r\n1\r\n2\r\n3\r\nterminal\r\n");
    }
    CHECK_OK(orch_engine_destroy(engine));

    // The PTY master itself is descriptor 0.
    for (int fd = 0; fd <= 2; fd++) close(fd);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK_INT(master, 0);
    engine = host_engine();
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_adopt(engine, master, NULL, &terminal));
    host_text text;
    text.len = 0;
    host_until_exit(engine, host_sh(engine, "echo hello"), 0, &text);
    CHECK_BYTES(text.data, text.len, "hello\r\n");
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
