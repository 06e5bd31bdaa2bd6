// screen.c: methods about the screen of a terminal, and rows as JavaScript gets them.

#include "host.h"

// A method here takes a terminal and up to two more arguments.
static bool screen_start(napi_env env, napi_callback_info info, size_t wanted, arguments *args, host **self,
                         uint64_t *id) {
    return method_start(env, info, wanted, args, self) && take_id(env, args->at[0], id);
}

bool take_screen_options(napi_env env, napi_value object, orch_screen_options *out) {
    return field_size(env, object, "scrollback", &out->scrollback) && field_u32(env, object, "flags", &out->flags) &&
           field_u32(env, object, "foreground", &out->foreground) &&
           field_u32(env, object, "background", &out->background) && field_u32(env, object, "cursor", &out->cursor);
}

napi_value make_place(napi_env env, orch_line_position position) {
    if (position.line == ORCH_LINE_NONE) return make_null(env);
    napi_value value = make_object(env);
    put_number(env, value, "line", (double)position.line);
    put_number(env, value, "col", (double)position.col);
    return value;
}

static napi_value make_color(napi_env env, orch_color color) {
    napi_value value;
    uint32_t number = color & 0xffffff;
    if ((color & 0xff000000) == ORCH_COLOR_INDEXED) {
        value = make_object(env);
        put_number(env, value, "indexed", number);
        return value;
    }
    if ((color & 0xff000000) == ORCH_COLOR_RGB) {
        napi_value parts = make_array(env, 3);
        for (uint32_t i = 0; i < 3; i++) {
            napi_set_element(env, parts, i, make_number(env, (number >> (16 - 8 * i)) & 0xff));
        }
        value = make_object(env);
        put(env, value, "rgb", parts);
        return value;
    }
    return make_text(env, orch_str("default"));
}

static napi_value make_run(napi_env env, const orch_run *run) {
    napi_value value = make_object(env);
    put_text(env, value, "text", run->text);
    put_number(env, value, "cols", run->cols);
    put_bool(env, value, "wide", run->flags & ORCH_RUN_WIDE);
    put(env, value, "fg", make_color(env, run->foreground));
    put(env, value, "bg", make_color(env, run->background));
    put_number(env, value, "attributes", run->attributes);
    put_number(env, value, "underline", run->underline);
    put(env, value, "underlineColor", make_color(env, run->underline_color));
    put(env, value, "link", run->link ? make_text(env, run->link->uri) : make_null(env));
    return value;
}

static napi_value make_rows(napi_env env, const orch_rows *rows) {
    napi_value value = make_array(env, rows->row_count);
    for (size_t i = 0; i < rows->row_count; i++) {
        const orch_row *row = orch_element_at(rows->rows, rows->row_stride, i);
        napi_value line = make_object(env), runs = make_array(env, row->run_count);
        for (size_t j = 0; j < row->run_count; j++) {
            const orch_run *run = orch_element_at(row->runs, rows->run_stride, j);
            napi_set_element(env, runs, (uint32_t)j, make_run(env, run));
        }
        put_number(env, line, "row", row->index);
        put(env, line, "place", make_place(env, row->line));
        put_bool(env, line, "wrapped", row->flags & ORCH_ROW_WRAPPED);
        put(env, line, "runs", runs);
        napi_set_element(env, value, (uint32_t)i, line);
    }
    return value;
}

static napi_value make_cursor(napi_env env, const orch_screen_cursor *cursor) {
    napi_value value = make_object(env);
    put_number(env, value, "row", cursor->row);
    put_number(env, value, "col", cursor->col);
    put_number(env, value, "shape", cursor->shape);
    put_bool(env, value, "visible", cursor->flags & ORCH_CURSOR_VISIBLE);
    put_bool(env, value, "blinking", cursor->flags & ORCH_CURSOR_BLINKING);
    return value;
}

napi_value make_update(napi_env env, const orch_screen_update *update) {
    napi_value value = make_object(env), scrolls = make_array(env, update->scroll_count);
    for (size_t i = 0; i < update->scroll_count; i++) {
        const orch_scroll *scroll = orch_element_at(update->scrolls, update->scroll_stride, i);
        napi_value item = make_object(env);
        put_number(env, item, "top", scroll->top);
        put_number(env, item, "bottom", scroll->bottom);
        put_number(env, item, "rows", scroll->rows);
        napi_set_element(env, scrolls, (uint32_t)i, item);
    }
    put_number(env, value, "generation", (double)update->generation);
    put_number(env, value, "offset", (double)update->offset);
    put_bool(env, value, "full", update->flags & ORCH_UPDATE_FULL);
    put_number(env, value, "modes", update->modes);
    put_number(env, value, "cols", update->window.cols);
    put_number(env, value, "rows", update->window.rows);
    put_number(env, value, "history", update->history);
    put_number(env, value, "viewport", update->viewport);
    put(env, value, "cursor", make_cursor(env, &update->cursor));
    put(env, value, "title", update->title.data ? make_text(env, update->title) : make_null(env));
    put(env, value, "scrolls", scrolls);
    put(env, value, "lines", make_rows(env, &update->rows));
    put(env, value, "place", make_place(env, update->line));
    return value;
}

static napi_value get_screen(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id, generation;
    orch_screen_update update = ORCH_SCREEN_UPDATE_INIT;
    if (!screen_start(env, info, 2, &args, &self, &id) || !take_id(env, args.at[1], &generation)) return NULL;
    if (!check(self, orch_terminal_get_screen(self->engine, id, generation, &update))) return NULL;
    return make_update(env, &update);
}

static napi_value get_rows(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    double first;
    uint32_t count;
    orch_rows rows = {NULL, 0, 0, 0};
    if (!screen_start(env, info, 3, &args, &self, &id)) return NULL;
    if (!take_number(env, args.at[1], "first", INT32_MIN, INT32_MAX, &first)) return NULL;
    if (!take_u32(env, args.at[2], "count", &count)) return NULL;
    if (!check(self, orch_terminal_get_rows(self->engine, id, (int32_t)first, count, &rows))) return NULL;
    return make_rows(env, &rows);
}

static napi_value get_text(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t scrollback;
    orch_bytes text;
    if (!screen_start(env, info, 2, &args, &self, &id)) return NULL;
    if (!take_u32(env, args.at[1], "scrollback", &scrollback)) return NULL;
    if (!check(self, orch_terminal_get_text(self->engine, id, scrollback, &text))) return NULL;
    return make_text(env, text);
}

static napi_value get_snapshot(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    uint32_t scrollback;
    orch_snapshot snapshot = ORCH_SNAPSHOT_INIT;
    if (!screen_start(env, info, 2, &args, &self, &id)) return NULL;
    if (!take_u32(env, args.at[1], "scrollback", &scrollback)) return NULL;
    if (!check(self, orch_terminal_get_snapshot(self->engine, id, scrollback, &snapshot))) return NULL;
    napi_value value = make_object(env);
    put(env, value, "data", make_buffer(env, snapshot.data, snapshot.len));
    put_number(env, value, "offset", (double)snapshot.offset);
    put_number(env, value, "cols", snapshot.window.cols);
    put_number(env, value, "rows", snapshot.window.rows);
    put(env, value, "place", make_place(env, snapshot.line));
    return value;
}

static napi_value make_matches(napi_env env, const orch_matches *matches) {
    napi_value list = make_array(env, matches->match_count);
    for (size_t i = 0; i < matches->match_count; i++) {
        const orch_match *match = orch_element_at(matches->matches, matches->match_stride, i);
        napi_value item = make_object(env);
        put_number(env, item, "startRow", match->start_row);
        put_number(env, item, "startCol", match->start_col);
        put_number(env, item, "endRow", match->end_row);
        put_number(env, item, "endCol", match->end_col);
        put(env, item, "start", make_place(env, match->start));
        put(env, item, "end", make_place(env, match->end));
        napi_set_element(env, list, (uint32_t)i, item);
    }
    napi_value value = make_object(env), next = make_null(env);
    if (matches->has_more) {
        next = make_object(env);
        put_number(env, next, "row", matches->next);
        put_number(env, next, "col", matches->next_col);
        put(env, next, "place", make_place(env, matches->next_line));
    }
    put(env, value, "matches", list);
    put(env, value, "next", next);
    return value;
}

// Where to start: what an earlier search has returned as `next`.
static bool take_start(napi_env env, napi_value options, orch_search_options *out) {
    napi_value from, place;
    bool given;
    double row = 0, line = 0, col = 0;
    if (!field(env, options, "from", &from, &given) || !given) return given == false;
    napi_value value;
    if (!field(env, from, "row", &value, &given)) return false;
    if (given && !take_number(env, value, "row", INT32_MIN, INT32_MAX, &row)) return false;
    if (!field_u32(env, from, "col", &out->from_col)) return false;
    out->from = (int32_t)row;
    out->flags |= ORCH_SEARCH_FROM_ROW;
    if (!field(env, from, "place", &place, &given)) return false;
    if (!given) return true;
    if (!field_number(env, place, "line", 9e15, &line) || !field_number(env, place, "col", 9e15, &col)) return false;
    out->from_line = (orch_line_position){(int64_t)line, (uint64_t)col};
    out->flags |= ORCH_SEARCH_FROM_LINE;
    return true;
}

static napi_value search(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    arena memory = {NULL};
    orch_search_options options = ORCH_SEARCH_OPTIONS_INIT;
    orch_matches matches = ORCH_MATCHES_INIT;
    if (!screen_start(env, info, 2, &args, &self, &id)) return NULL;
    bool done = field_bytes(env, args.at[1], "pattern", &memory, &options.pattern) &&
                field_u32(env, args.at[1], "flags", &options.flags) &&
                field_size(env, args.at[1], "rowsMax", &options.rows_max) &&
                field_size(env, args.at[1], "matchesMax", &options.matches_max) &&
                take_start(env, args.at[1], &options) &&
                check(self, orch_terminal_search(self->engine, id, &options, &matches));
    arena_free(&memory);
    return done ? make_matches(env, &matches) : NULL;
}

static napi_value get_marks(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    orch_marks marks = ORCH_MARKS_INIT;
    if (!screen_start(env, info, 1, &args, &self, &id)) return NULL;
    if (!check(self, orch_terminal_get_marks(self->engine, id, &marks))) return NULL;
    napi_value value = make_array(env, marks.mark_count);
    for (size_t i = 0; i < marks.mark_count; i++) {
        const orch_mark *mark = orch_element_at(marks.marks, marks.mark_stride, i);
        napi_value item = make_object(env);
        put_number(env, item, "kind", mark->kind);
        put(env, item, "place", make_place(env, mark->position));
        napi_set_element(env, value, (uint32_t)i, item);
    }
    return value;
}

static napi_value set_colors(napi_env env, napi_callback_info info) {
    arguments args;
    host *self;
    uint64_t id;
    orch_screen_options colors = ORCH_SCREEN_OPTIONS_INIT;
    if (!screen_start(env, info, 2, &args, &self, &id)) return NULL;
    if (!take_screen_options(env, args.at[1], &colors)) return NULL;
    check(self, orch_terminal_set_colors(self->engine, id, colors.foreground, colors.background, colors.cursor));
    return NULL;
}

const napi_property_descriptor SCREEN_METHODS[] = {
    METHOD("screen", get_screen),
    METHOD("rows", get_rows),
    METHOD("screenText", get_text),
    METHOD("snapshot", get_snapshot),
    METHOD("search", search),
    METHOD("marks", get_marks),
    METHOD("setColors", set_colors),
    METHODS_END,
};
