// PTYs that a test opens itself, to hand them over to an engine.

#ifndef ORCHFLOW_TEST_PTY_H
#define ORCHFLOW_TEST_PTY_H

#include "host.h"

#include <sys/ioctl.h>
#include <termios.h>

// Opens a PTY and its slave, in raw mode, so that bytes pass as they are.
static inline int pty_open(int *slave) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK_SYS(master);
    CHECK_SYS(grantpt(master));
    CHECK_SYS(unlockpt(master));
    char name[64];
    CHECK_INT(ptsname_r(master, name, sizeof name), 0);
    *slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK_SYS(*slave);
    struct termios raw;
    CHECK_SYS(tcgetattr(*slave, &raw));
    cfmakeraw(&raw);
    CHECK_SYS(tcsetattr(*slave, TCSANOW, &raw));
    struct winsize size;
    memset(&size, 0, sizeof size);
    size.ws_col = 33;
    size.ws_row = 11;
    CHECK_SYS(ioctl(master, TIOCSWINSZ, &size));
    return master;
}

static inline orch_adopt_options pty_adopt_options(void) {
    orch_adopt_options options;
    host_init(&options, sizeof options);
    return options;
}

// The master still belongs to the test: open, not made non-blocking, of its old size, and bytes pass.
static inline void pty_check_untouched(int master, int slave, const char *file, int line) {
    check_int(fcntl(master, F_GETFD), 0, "descriptor flags of the master", file, line);
    check_int(fcntl(master, F_GETFL) & O_NONBLOCK, 0, "O_NONBLOCK of the master", file, line);
    struct winsize size;
    CHECK_SYS(ioctl(slave, TIOCGWINSZ, &size));
    check_int(size.ws_col, 33, "columns of the PTY", file, line);
    check_int(size.ws_row, 11, "rows of the PTY", file, line);
    char byte = 0;
    check_int(write(slave, "x", 1), 1, "write to the slave", file, line);
    check_int(read(master, &byte, 1), 1, "read from the master", file, line);
    check_int(byte, 'x', "byte through the PTY", file, line);
}

#define PTY_CHECK_UNTOUCHED(master, slave) pty_check_untouched((master), (slave), __FILE__, __LINE__)

#endif
