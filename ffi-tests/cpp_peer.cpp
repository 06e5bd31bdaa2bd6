// orchflow.hpp: peers through its classes: options, events, requests, change sets, the copy of the state.

#include "check.h"

#include <orchflow.hpp>
#include <poll.h>
#include <set>
#include <string>
#include <type_traits>

namespace {

orch::engine make_engine() {
    auto made = orch::engine::create();
    CHECK(made);
    return std::move(*made);
}

// An engine that serves and one that mirrors it, driven together.
class pair {
public:
    pair() {
        const auto listener = server.listen(orch::listen_options("127.0.0.1:0"));
        CHECK(listener);
        const auto address = server.listen_address(*listener);
        const auto token = server.add_token(orch::token_options(ORCH_SCOPE_ALL));
        CHECK(address && token);
        orch::peer_options options(*address, token->text);
        options.name("mirror").host(*address).tag(9).flags(ORCH_CONNECT_JSON);
        options.retry(orch::milliseconds{1}, orch::milliseconds{2}).collections(ORCH_COLLECTION_ALL);
        options.breaker(100, 1, orch::milliseconds{1}).notices(ORCH_NOTICES_TITLE);
        const auto made = mirror.connect(options);
        CHECK(made);
        peer = *made;
    }

    orch::event next() {
        for (;;) {
            if (const auto event = mirror.next_event()) {
                CHECK(event->kind() >= ORCH_EVENT_PEER_CONNECTED);
                CHECK(event->kind() <= ORCH_EVENT_PEER_NOTICE);
                CHECK_INT(event->tag(), 9);
                CHECK_INT(event->source(), peer);
                return *event;
            }
            struct pollfd fds[2] = {{server.fd(), POLLIN, 0}, {mirror.fd(), POLLIN, 0}};
            CHECK(poll(fds, 2, -1) > 0);
            CHECK(server.turn());
            while (const auto event = server.next_event()) CHECK(event->kind() != ORCH_EVENT_LOG);
            CHECK(mirror.turn());
        }
    }
    orch::event until(orch_event_kind kind) {
        for (;;) {
            const orch::event event = next();
            if (const auto *bytes = event.peer_output()) output += orch::view(*bytes);
            if (event.kind() == kind) return event;
            CHECK(event.peer_disconnected() == nullptr && event.peer_problem() == nullptr);
        }
    }
    const orch_event_peer_reply &reply(const orch::result<uint64_t> &request) {
        CHECK(request);
        const orch_event_peer_reply *reply = until(ORCH_EVENT_PEER_REPLY).peer_reply();
        CHECK(reply != nullptr);
        CHECK_INT(reply->request, *request);
        return *reply;
    }

    orch::engine server = make_engine(), mirror = make_engine();
    orch::peer_id peer = 0;
    std::string output;
};

void state(pair &both) {
    CHECK(both.server.set(orch::session("main").name("Main")));
    CHECK(both.server.set(orch::pane("p", "main")));
    CHECK(both.mirror.peer_state_version(both.peer) && !*both.mirror.peer_state_version(both.peer));
    CHECK_INT(both.until(ORCH_EVENT_PEER_CONNECTED).peer_connected()->resumed, 0);
    const orch::event reached = both.until(ORCH_EVENT_PEER_STATE);
    CHECK_INT(reached.peer_state()->full, 1);
    // An event has the payload of its kind, and no other one.
    CHECK(reached.peer_connected() == nullptr && reached.peer_reply() == nullptr);
    CHECK(reached.output() == nullptr && !reached.update() && !reached.review());
    CHECK(reached.raw().payload.peer_state == reached.peer_state());
    const auto version = both.mirror.peer_state_version(both.peer);
    CHECK(version && *version && (*version)->n == both.server.state_version()->n);
    CHECK(*both.mirror.peer_state_hash(both.peer) == *both.server.state_hash());
    CHECK(orch::view(both.mirror.peer_session(both.peer, "main")->name) == "Main");
    CHECK(orch::view(both.mirror.peer_pane(both.peer, "p")->session) == "main");
    CHECK_INT(both.mirror.peer_file(both.peer, 1, 1).error().code(), ORCH_E_STALE_ID);
    orch::state_cursor cursor;
    std::set<std::string> keys;
    for (bool more = true, first = true; more; first = false) {
        const auto entries = both.mirror.peer_state_changes(both.peer, cursor, ORCH_COLLECTION_ALL, 1);
        CHECK(entries && entries->is_full() == first);
        for (const orch_session &each : entries->sessions()) keys.emplace(orch::view(each.id));
        for (const orch_pane &each : entries->panes()) keys.emplace(orch::view(each.id));
        more = entries->has_more();
    }
    CHECK(keys == std::set<std::string>({"main", "p"}));
    const auto change = both.mirror.peer_change(
        both.peer, orch::change_set().set(orch::session("new"), 0).set(orch::pane("q", "new")));
    CHECK(change);
    CHECK_INT(both.until(ORCH_EVENT_PEER_APPLIED).peer_applied()->request, *change);
    CHECK(both.server.session("new") && both.mirror.peer_session(both.peer, "new"));
    CHECK(both.mirror.peer_change(both.peer, orch::change_set().remove_session("new", 1)));
    CHECK_INT(both.until(ORCH_EVENT_PEER_REJECTED).peer_rejected()->status, ORCH_REMOTE_CONFLICT);
    const auto known = both.mirror.peer_state(both.peer);
    CHECK(known && known->status == ORCH_PEER_STATUS_CONNECTED);
    CHECK(both.mirror.peers() == std::vector<orch::peer_id>{both.peer});
    const auto clients = both.server.clients();
    CHECK_INT(clients.size(), 1);
    const auto client = both.server.client_state(clients[0]);
    CHECK(client && orch::view(client->name) == "mirror" && client->client == clients[0]);
}

void terminals(pair &both) {
    CHECK(both.server.set_profile("cat", {"cat"}));
    const auto &spawned = both.reply(both.mirror.peer_spawn(both.peer, "cat", {}, orch::cells(90, 20)));
    CHECK_INT(spawned.kind, ORCH_REPLY_SPAWNED);
    const orch::terminal_id terminal = spawned.terminal;
    orch::peer_attach_options options;
    options.raw.start = ORCH_START_OLDEST;
    options.raw.grid = orch::cells(100, 40);
    CHECK(both.mirror.peer_attach(both.peer, terminal, options));
    CHECK(both.mirror.peer_set_grid(both.peer, terminal, orch::cells(90, 30)));
    CHECK_INT(both.mirror.peer_set_grid(both.peer, terminal, orch::cells(0, 30)).code(),
              ORCH_E_INVALID);
    CHECK_INT(both.until(ORCH_EVENT_PEER_ATTACHED).peer_attached()->offset, 0);
    CHECK(both.mirror.peer_write(both.peer, terminal, "hello\n"));
    while (both.output.find("hello\r\nhello\r\n") == std::string::npos) {
        const orch::event event = both.until(ORCH_EVENT_PEER_OUTPUT);
        CHECK_INT(event.peer_output()->terminal, terminal);
        CHECK_INT(event.peer_output()->offset + event.peer_output()->len, both.output.size());
    }
    const auto &batch = both.reply(both.mirror.peer_batch(
        both.peer, {orch::op::resize(terminal, orch::cells(80, 24)), orch::op::clear(terminal),
                    orch::op::interrupt(99)}));
    CHECK_INT(batch.kind, ORCH_REPLY_RESULTS);
    std::string statuses;
    for (const orch_remote_result &result : orch::results_of(batch)) {
        statuses += std::to_string(result.status) + ' ';
    }
    CHECK(statuses == "0 9 3 ");
    CHECK_INT(both.reply(both.mirror.peer_search(both.peer, terminal, "x")).status,
              ORCH_REMOTE_NO_SCREEN);
    const auto &known = both.reply(both.mirror.peer_query(both.peer, terminal));
    CHECK(known.detail != nullptr && known.detail->input_bytes == 6);
    CHECK_INT(orch::matches_of(known).size() + orch::results_of(known).size(), 0);
    const auto &figures = both.reply(both.mirror.peer_stats(both.peer));
    CHECK(figures.stats != nullptr && figures.stats->clients == 1 && figures.stats->terminals == 1);
    CHECK_INT(both.reply(both.mirror.peer_watch(both.peer, "/nowhere")).kind, ORCH_REPLY_FAILED);
    CHECK_INT(both.reply(both.mirror.peer_read(both.peer, "/nowhere", 1, 2, orch_peer_file_version{})).status,
              ORCH_REMOTE_FORBIDDEN);
    CHECK_INT(both.reply(both.mirror.peer_unwatch(both.peer, 1)).kind, ORCH_REPLY_FAILED);
    CHECK(both.mirror.peer_batch(both.peer,
                                 {orch::op::close(terminal, orch::milliseconds{-1})}));
    CHECK_INT(both.until(ORCH_EVENT_PEER_DETACHED).peer_detached()->terminal, terminal);
    CHECK_INT(both.mirror.peer_detach(both.peer, terminal).code(), ORCH_E_STALE_ID);
}

void notices(pair &both) {
    orch::spawn_options options({"sh", "-c", "printf '\\a\\033]2;hi\\a'; read x"});
    const auto spawned = both.server.spawn(options.screen(orch::screen_options{}));
    CHECK(spawned);
    const orch::event event = both.until(ORCH_EVENT_PEER_NOTICE);
    const orch_event_peer_notice *notice = event.peer_notice();
    CHECK(notice != nullptr && event.peer_problem() == nullptr);
    CHECK_INT(notice->terminal, *spawned);
    CHECK_INT(notice->kind, ORCH_NOTICE_TITLE);
    CHECK(orch::view(notice->title) == "hi");
    CHECK(both.server.close(*spawned, orch::milliseconds{0}));
}

void ends(pair &both) {
    CHECK(both.mirror.disconnect(both.peer));
    CHECK_INT(both.mirror.disconnect(both.peer).code(), ORCH_E_STALE_ID);
    CHECK_INT(both.mirror.peer_query(both.peer, 1).error().code(), ORCH_E_STALE_ID);
    CHECK_INT(both.mirror.peer_state_version(both.peer).error().code(), ORCH_E_STALE_ID);
    CHECK(both.mirror.peers().empty());
    CHECK_INT(both.mirror.connect(orch::peer_options("nowhere", "t")).error().code(),
              ORCH_E_INVALID);
    orch::peer_options options("unix:/nonexistent/socket", "t");
    options.tag(9).flags(ORCH_CONNECT_NO_RETRY);
    options.retry(orch::milliseconds{1}, orch::milliseconds{1});
    both.peer = *both.mirror.connect(options);
    const orch::event event = both.next();
    CHECK_INT(event.kind(), ORCH_EVENT_PEER_DISCONNECTED);
    CHECK(!orch::retry_in(*event.peer_disconnected()));
    CHECK(!orch::view(event.peer_disconnected()->reason).empty());
}

// Payloads of each kind, and elements of a newer library, which are larger.
void payloads() {
    orch_event_peer_disconnected lost = {};
    lost.retry_in_ms = 5;
    CHECK(orch::retry_in(lost) == orch::milliseconds{5});
    lost.retry_in_ms = -1;
    CHECK(!orch::retry_in(lost));
    struct {
        orch_match match;
        char tail[16];
    } wide[2] = {};
    wide[1].match.end_col = 7;
    orch_event_peer_reply reply = {};
    CHECK_INT(orch::matches_of(reply).size(), 0);
    reply.matches = &wide[0].match;
    reply.match_count = 2;
    reply.match_stride = sizeof wide[0];
    CHECK_INT(orch::matches_of(reply).size(), 2);
    CHECK_INT(orch::matches_of(reply)[1].end_col, 7);
    orch_screen_update changed = orch::sized<orch_screen_update>();
    changed.generation = 8;
    orch_event_peer_screen screen = {};
    screen.update = &changed;
    orch_event raw = orch::sized<orch_event>();
    raw.payload.peer_screen = &screen;
    CHECK(!orch::event(raw).update() && orch::event(raw).peer_screen() == nullptr);
    raw.kind = ORCH_EVENT_PEER_SCREEN;
    CHECK(orch::event(raw).peer_screen() == &screen && orch::event(raw).screen() == nullptr);
    CHECK_INT(orch::event(raw).update()->generation(), 8);
    const uint8_t bytes[] = {'h', 'i'};
    orch_event_peer_snapshot snapshot = {};
    snapshot.data = bytes;
    snapshot.len = 2;
    CHECK(orch::view(snapshot) == "hi");
    static_assert(std::is_copy_constructible_v<orch::peer_options>, "options are a value");
}

}  // namespace

int main() {
    check_start();
    pair both;
    state(both);
    terminals(both);
    notices(both);
    ends(both);
    payloads();
    return 0;
}
