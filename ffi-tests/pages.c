// A host serves pages, and a client that knows nothing but HTTP fetches them.

#include "serve.h"

#include <sys/stat.h>

// Fetches a page; the whole response.
static const char *fetch(orch_engine *engine, const char *address, const char *method, const char *path) {
    char request[512];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", method, path,
             address);
    return serve_response(engine, address, request);
}

static void check_starts(const char *text, const char *status) {
    CHECK(strncmp(text, status, strlen(status)) == 0);
}

static const char *body(const char *response) {
    const char *end = strstr(response, "\r\n\r\n");
    CHECK(end != NULL);
    return end + 4;
}

static uint64_t listen_with(orch_engine *engine, const orch_listener_options *options, char text[256]) {
    uint64_t listener = 0;
    size_t len = 0;
    CHECK_OK(orch_listener_add(engine, options, &listener));
    CHECK_OK(orch_listener_get_address(engine, listener, text, 255, &len));
    text[len] = '\0';
    return listener;
}

static void resources(void) {
    orch_engine *engine = host_engine();
    char address[256], style[] = "a {}";
    orch_resource pages[2];
    memset(pages, 0, sizeof pages);
    pages[0].path = orch_str("/index.html");
    pages[0].content = orch_str("<!doctype html>");
    pages[1].path = orch_str("/style");
    pages[1].media_type = orch_str("text/css");
    pages[1].content = orch_str(style);
    orch_listener_options options;
    host_init(&options, sizeof options);
    options.address = orch_str("127.0.0.1:0");
    options.resources = pages;
    options.resource_count = 2;
    options.resource_stride = sizeof pages[0];
    listen_with(engine, &options, address);
    memset(style, 'x', sizeof style - 1);  // It was copied.
    const char *page = fetch(engine, address, "GET", "/");
    check_starts(page, "HTTP/1.1 200 OK\r\n");
    CHECK(strstr(page, "\r\nContent-Type: text/html; charset=utf-8\r\n") != NULL);
    CHECK(strstr(page, "\r\nContent-Security-Policy: default-src 'none'; ") != NULL);
    CHECK(strcmp(body(page), "<!doctype html>") == 0);
    page = fetch(engine, address, "GET", "/style");
    CHECK(strstr(page, "\r\nContent-Type: text/css\r\n") != NULL);
    CHECK(strcmp(body(page), "a {}") == 0);
    page = fetch(engine, address, "HEAD", "/style");
    CHECK(strstr(page, "\r\nContent-Length: 4\r\n") != NULL && *body(page) == '\0');
    check_starts(fetch(engine, address, "GET", "/none"), "HTTP/1.1 404 ");
    check_starts(fetch(engine, address, "PUT", "/style"), "HTTP/1.1 405 ");
    CHECK_OK(orch_engine_destroy(engine));
}

static void directory(void) {
    orch_engine *engine = host_engine();
    char folder[] = "/tmp/orchflow-pages-XXXXXX", path[128], address[256];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/page.txt", folder);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs("from the disk", file) >= 0 && fclose(file) == 0);
    orch_listener_options options;
    host_init(&options, sizeof options);
    options.address = orch_str("127.0.0.1:0");
    options.resource_directory = orch_str(folder);
    listen_with(engine, &options, address);
    // valgrind does not know openat2, by which the file is found.
    if (getenv("ORCHFLOW_VALGRIND") == NULL) {
        CHECK(strcmp(body(fetch(engine, address, "GET", "/page.txt")), "from the disk") == 0);
    }
    CHECK_SYS(unlink(path));
    check_starts(fetch(engine, address, "GET", "/page.txt"), "HTTP/1.1 404 ");
    CHECK_SYS(rmdir(folder));
    CHECK_OK(orch_engine_destroy(engine));
}

static void arguments(void) {
    orch_config config;
    orch_engine *engine = NULL;
    uint64_t listener = 77;
    orch_resource page;
    memset(&page, 0, sizeof page);
    host_init(&config, sizeof config);
    config.resource_bytes = 10;
    CHECK_OK(orch_engine_create(&config, &engine));
    orch_listener_options options;
    host_init(&options, sizeof options);
    options.address = orch_str("127.0.0.1:0");
    options.resource_count = 1;
    options.resource_stride = sizeof page;
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_listener_options.resources");
    options.resources = &page;
    options.resource_stride = sizeof page - 1;
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    options.resource_stride = sizeof page;
    page.path = orch_str("no slash");
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    page.path = orch_str("/\xff");
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_resource.path");
    page.path = orch_str("/a");
    page.content = orch_str("more than ten bytes");
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_LIMIT);
    page.content = orch_str("ten bytes!");
    page.media_type = orch_str("none");
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    page.media_type = orch_str("");
    options.resource_directory = orch_str("relative");
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_INVALID);
    options.resource_directory = orch_str("/no/such/directory");
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_NOT_FOUND);
    options.resource_directory = orch_str("/etc/passwd");
    CHECK_STATUS(orch_listener_add(engine, &options, &listener), ORCH_E_NOT_DIRECTORY);
    CHECK_INT(listener, 77);
    options.resource_directory = orch_str("");
    CHECK_OK(orch_listener_add(engine, &options, &listener));
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    resources();
    directory();
    arguments();
    return 0;
}
