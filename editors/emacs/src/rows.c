// Rows of a screen as values of Emacs: few and large values, since each call of Emacs costs more than what it is about.

#include "rows.h"

#include <stdlib.h>
#include <string.h>

// A colour's kind and value in 26 bits.
#define COLOR_BITS 26
#define UNDERLINE_BITS 3

void rows_room_free(rows_room *room) {
    free(room->text);
    free(room->values);
    *room = (rows_room){0};
}

static bool grow(emacs_env *env, void **data, size_t *capacity, size_t needed, size_t element) {
    if (needed <= *capacity) return true;
    size_t larger = *capacity == 0 ? 4096 : *capacity;
    while (larger < needed) larger *= 2;
    void *grown = realloc(*data, larger * element);
    if (grown == NULL) {
        signal_message(env, "memory is used up");
        return false;
    }
    *data = grown;
    *capacity = larger;
    return true;
}

// The block that is being collected.
typedef struct block {
    emacs_env *env;
    rows_room *room;
    size_t bytes, chars, values;
    emacs_value wrapped, links;
} block;

static bool add_text(block *self, const void *data, size_t len) {
    rows_room *room = self->room;
    if (!grow(self->env, (void **)&room->text, &room->text_capacity, self->bytes + len, 1)) return false;
    memcpy(room->text + self->bytes, data, len);
    self->bytes += len;
    for (size_t i = 0; i < len; i++) self->chars += (((const unsigned char *)data)[i] & 0xc0) != 0x80;
    return true;
}

static bool add_value(block *self, emacs_value value) {
    rows_room *room = self->room;
    if (!grow(self->env, (void **)&room->values, &room->value_capacity, self->values + 1, sizeof(emacs_value)))
        return false;
    room->values[self->values++] = value;
    return true;
}

static emacs_value cons(emacs_env *env, emacs_value first, emacs_value rest) {
    emacs_value both[] = {first, rest};
    return call(env, "cons", 2, both);
}

static bool add_run(block *self, const orch_run *run) {
    emacs_env *env = self->env;
    const size_t start = self->chars;
    if (!add_text(self, run->text.data, run->text.len)) return false;
    const uint64_t colors = run->foreground | (uint64_t)run->background << COLOR_BITS;
    const uint64_t style = run->underline_color | (uint64_t)run->underline << COLOR_BITS |
                           (uint64_t)run->attributes << (COLOR_BITS + UNDERLINE_BITS);
    if (run->link != NULL) {
        emacs_value link[] = {number(env, start), number(env, self->chars), text(env, run->link->id),
                              text(env, run->link->uri)};
        self->links = cons(env, list(env, 4, link), self->links);
    }
    if (colors == 0 && style == 0) return true;
    return add_value(self, number(env, start)) && add_value(self, number(env, self->chars)) &&
           add_value(self, number(env, colors)) && add_value(self, number(env, style));
}

static const orch_row *row_at(const orch_rows *rows, size_t index) {
    return orch_element_at(rows->rows, rows->row_stride, index);
}

// The block of `count` rows from `first` on.
static emacs_value block_value(emacs_env *env, rows_room *room, const orch_rows *rows, size_t first, size_t count) {
    block self = {env, room, 0, 0, 0, nil(env), nil(env)};
    for (size_t i = 0; i < count; i++) {
        const orch_row *row = row_at(rows, first + i);
        if (i > 0 && !add_text(&self, "\n", 1)) return NULL;
        for (size_t j = 0; j < row->run_count; j++)
            if (!add_run(&self, orch_element_at(row->runs, rows->run_stride, j))) return NULL;
        if (row->flags & ORCH_ROW_WRAPPED) self.wrapped = cons(env, number(env, self.chars), self.wrapped);
        if (failed(env)) return NULL;
    }
    emacs_value parts[] = {
        env->make_integer(env, row_at(rows, first)->index),
        number(env, count),
        text(env, (orch_bytes){room->text, self.bytes}),
        self.wrapped,
        vector(env, (ptrdiff_t)self.values, room->values),
        self.links,
    };
    return vector(env, 6, parts);
}

emacs_value rows_value(emacs_env *env, rows_room *room, const orch_rows *rows) {
    emacs_value blocks = nil(env);
    // From the end, so that the list is in order.
    for (size_t end = rows->row_count; end > 0 && !failed(env);) {
        size_t start = end - 1;
        while (start > 0 && row_at(rows, start - 1)->index + 1 == row_at(rows, start)->index) start--;
        emacs_value value = block_value(env, room, rows, start, end - start);
        if (failed(env)) break;
        blocks = cons(env, value, blocks);
        end = start;
    }
    return blocks;
}

static emacs_value scrolls_value(emacs_env *env, const orch_screen_update *update) {
    emacs_value result = nil(env);
    for (size_t i = update->scroll_count; i > 0 && !failed(env); i--) {
        const orch_scroll *scroll = orch_element_at(update->scrolls, update->scroll_stride, i - 1);
        emacs_value parts[] = {number(env, scroll->top), number(env, scroll->bottom),
                               env->make_integer(env, scroll->rows)};
        result = cons(env, list(env, 3, parts), result);
    }
    return result;
}

emacs_value update_value(emacs_env *env, rows_room *room, const orch_event_screen *event) {
    const orch_screen_update *update = event->update;
    const bool has_line = update->line.line != ORCH_LINE_NONE;
    emacs_value parts[] = {
        number(env, event->reader),
        truth(env, update->flags & ORCH_UPDATE_FULL),
        number(env, update->modes),
        number(env, update->window.cols),
        number(env, update->window.rows),
        number(env, update->history),
        number(env, update->viewport),
        number(env, update->cursor.row),
        number(env, update->cursor.col),
        number(env, update->cursor.shape),
        number(env, update->cursor.flags),
        update->title.data == NULL ? nil(env) : text(env, update->title),
        has_line ? number(env, (uint64_t)update->line.line) : nil(env),
        has_line ? number(env, update->line.col) : nil(env),
        scrolls_value(env, update),
        rows_value(env, room, &update->rows),
    };
    return failed(env) ? NULL : vector(env, sizeof parts / sizeof *parts, parts);
}
