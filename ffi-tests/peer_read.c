// Files of another engine, in slices.

#include "peer.h"

static peer_pair pair;

// A slice that is there.
static orch_peer_slice read_slice(const char *path, uint64_t offset, uint32_t max,
                                  const orch_peer_file_version *base) {
    uint64_t number = 0;
    orch_request request = peer_request(ORCH_REQUEST_READ);
    request.path = orch_str(path);
    request.offset = offset;
    request.bytes_max = max;
    request.base = base;
    CHECK_OK(orch_peer_request(pair.mirror, pair.peer, &request, &number));
    return *peer_reply(&pair, number, ORCH_REPLY_SLICE)->slice;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void slices(void) {
    char folder[] = "/tmp/orchflow-read-XXXXXX", path[128];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    write_file(path, "0123456789");
    CHECK_OK(orch_directory_set_granted(pair.server, orch_str(folder), 1));
    orch_peer_slice slice = read_slice(path, 0, 0, NULL);
    CHECK_BYTES(slice.data.data, slice.data.len, "0123456789");
    CHECK_INT(slice.offset + slice.changed, 0);
    CHECK_INT(slice.end, 1);
    CHECK_INT(slice.version.size, 10);
    CHECK(slice.version.inode != 0 && slice.version.changed_ns != 0);
    const orch_peer_file_version version = slice.version;
    slice = read_slice(path, 3, 4, &version);
    CHECK_BYTES(slice.data.data, slice.data.len, "3456");
    CHECK_INT(slice.offset, 3);
    CHECK_INT(slice.end + slice.changed, 0);
    write_file(path, "another");
    slice = read_slice(path, 3, 100, &version);
    CHECK_BYTES(slice.data.data, slice.data.len, "ther");
    CHECK_INT(slice.end, 1);
    CHECK_INT(slice.changed, 1);
    CHECK_SYS(unlink(path));
    CHECK_SYS(rmdir(folder));
}

// What fails says why, and nothing is lent but that.
static void failures(void) {
    uint64_t number = 77;
    orch_request request = peer_request(ORCH_REQUEST_READ);
    request.path = orch_str("/etc/passwd");
    CHECK_OK(orch_peer_request(pair.mirror, pair.peer, &request, &number));
    const orch_event_peer_reply *reply = peer_reply(&pair, number, ORCH_REPLY_FAILED);
    CHECK_INT(reply->status, ORCH_REMOTE_FORBIDDEN);
    CHECK(reply->slice == NULL);
    number = 77;
    request.reserved_read = 1;
    CHECK_STATUS(orch_peer_request(pair.mirror, pair.peer, &request, &number), ORCH_E_INVALID);
    CHECK_ERROR(pair.mirror, ORCH_E_INVALID, "reserved_read");
    CHECK_INT(number, 77);
}

int main(void) {
    check_start();
    peer_start(&pair, "127.0.0.1:0");
    // valgrind does not know openat2, by which the file is found.
    if (getenv("ORCHFLOW_VALGRIND") == NULL) slices();
    failures();
    peer_end(&pair);
    return 0;
}
