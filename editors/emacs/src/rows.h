// Rows of a screen as values of Emacs.

#ifndef ORCHFLOW_EMACS_ROWS_H
#define ORCHFLOW_EMACS_ROWS_H

#include "values.h"

// Room that is kept from one conversion to the next.
typedef struct rows_room {
    char *text;
    size_t text_capacity;
    emacs_value *values;
    size_t value_capacity;
} rows_room;

void rows_room_free(rows_room *room);

// A list of blocks, each of rows that follow each other:
//
//     [INDEX COUNT TEXT WRAPPED STYLES LINKS]
//
// TEXT has the rows with a line feed between them. WRAPPED lists where the rows end that go on in the next one:
// characters of TEXT, counted from 0. STYLES is a vector of START END COLORS STYLE for each run that does not look as
// the default does: its characters in TEXT, counted from 0; the foreground plus the background times 2^26; the
// underline's colour plus its kind times 2^26 plus the attributes times 2^29. LINKS lists (START END ID URI).
emacs_value rows_value(emacs_env *env, rows_room *room, const orch_rows *rows);

// [READER FULL MODES COLS ROWS HISTORY VIEWPORT CURSOR-ROW CURSOR-COL CURSOR-SHAPE CURSOR-FLAGS TITLE LINE COLUMN SCROLLS
// BLOCKS]; TITLE is nil when it is as before, LINE is nil on the alternate screen, SCROLLS lists (TOP BOTTOM ROWS).
emacs_value update_value(emacs_env *env, rows_room *room, const orch_event_screen *event);

#endif
