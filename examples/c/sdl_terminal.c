/* A terminal in a window, in one file: SDL 2 for the window, SDL_ttf for the font, the engine for everything between
 * the program and the rows that are drawn.
 *
 *     cc sdl_terminal.c $(pkg-config --cflags --libs orchflow sdl2 SDL2_ttf) -o sdl_terminal
 *     ./sdl_terminal [-f FONT.ttf] [-s POINTS] [-p PICTURE.ppm] [PROGRAM [ARGUMENT]...]
 *
 * SDL waits for events of its own alone, so a thread waits for the engine's descriptor and pushes one. The screen
 * comes as updates: rows that moved and rows that are different; only these are drawn anew. The wheel and Shift-PageUp
 * scroll back, Ctrl-Shift-V pastes, the key Print writes the picture that -p names. Keys are sent in xterm's form, the
 * mouse in SGR form where the program asks for it. What a daily terminal has beyond that (selection, other fonts for
 * what this one lacks, input methods) is left out.
 */
#define _POSIX_C_SOURCE 200809L
#include <SDL.h>
#include <SDL_ttf.h>
#include <orchflow.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FONT "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
#define FOREGROUND 0xd8d8d8
#define BACKGROUND 0x14161c
#define MARGIN 4
#define SCROLLBACK 10000
#define ARGS_MAX 64
#define TEXT_MAX 32    /* bytes of a cell: a character and what combines with it */
#define GLYPHS_MAX 4096
#define GRACE_MS 1000

struct cell {
    char text[TEXT_MAX];
    orch_color foreground, background;
    orch_attributes attributes;
    orch_underline underline;
    int cols; /* 1, 2, or 0 for the right half of a wide character */
};

struct glyph {
    char text[TEXT_MAX];
    int style;
    SDL_Texture *texture; /* white; drawn in any colour */
    int width, height;
};

/* The thread that waits for the engine's descriptor. It never calls the engine. */
struct waiter {
    SDL_Thread *thread;
    SDL_sem *turn_made;
    Uint32 readable;
    int fd;
    int stop[2];
};

struct terminal {
    orch_engine *engine;
    uint64_t id, reader;
    struct waiter waiter;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *canvas; /* the rows, without the cursor */
    TTF_Font *fonts[2];  /* plain, bold */
    struct glyph *glyphs;
    int glyph_count;
    int cell_width, cell_height;
    struct cell *cells;
    unsigned char *dirty;
    int cols, rows;
    orch_screen_cursor cursor;
    orch_screen_modes modes;
    int viewport, history, scroll_to;
    int focused, must_present, over, exit_status;
    int mouse_buttons, mouse_col, mouse_row;
    const char *picture;
    int picture_wanted;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "sdl_terminal: %s: %s\n", what, why);
    exit(1);
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL) fail("memory", "none left");
    return memory;
}

/* What the engine refuses ends this program, but for what may well be: a terminal that has just ended, a full queue. */
static orch_status check(struct terminal *self, orch_status status, const char *what) {
    orch_error error = ORCH_ERROR_INIT;
    if (status >= 0 || status == ORCH_E_ENDED || status == ORCH_E_CLOSING || status == ORCH_E_STALE_ID ||
        status == ORCH_E_LIMIT) {
        return status;
    }
    orch_error_get(self->engine, &error);
    fprintf(stderr, "sdl_terminal: %s: %.*s\n", what, (int)error.message.len, (const char *)error.message.data);
    exit(1);
}

/* The waiter */

static int SDLCALL waiter_run(void *data) {
    struct waiter *self = (struct waiter *)data;
    for (;;) {
        struct pollfd fds[] = {{self->fd, POLLIN, 0}, {self->stop[0], POLLIN, 0}};
        SDL_Event event;
        if (poll(fds, 2, -1) < 0) continue; /* EINTR */
        if (fds[1].revents != 0) return 0;
        SDL_zero(event);
        event.type = self->readable;
        while (SDL_PushEvent(&event) < 0) SDL_Delay(10); /* 65,535 events are unread */
        SDL_SemWait(self->turn_made); /* until then the descriptor stays readable */
    }
}

static void waiter_start(struct waiter *self, int fd) {
    self->fd = fd;
    self->readable = SDL_RegisterEvents(1);
    self->turn_made = SDL_CreateSemaphore(0);
    if (pipe(self->stop) != 0) fail("pipe", "no descriptor");
    self->thread = SDL_CreateThread(waiter_run, "engine", self);
    if (self->thread == NULL) fail("thread", SDL_GetError());
}

/* Before the engine is destroyed: nobody may poll a descriptor that is closed. */
static void waiter_stop(struct waiter *self) {
    close(self->stop[1]);
    SDL_SemPost(self->turn_made);
    SDL_WaitThread(self->thread, NULL);
    SDL_DestroySemaphore(self->turn_made);
    close(self->stop[0]);
}

/* Colours */

static Uint32 palette(unsigned index) {
    static const Uint32 first[16] = {0x1c1f26, 0xd75f5f, 0x87af5f, 0xd7af5f, 0x5f87d7, 0xaf87d7, 0x5fafaf, 0xc6c6c6,
                                     0x6c7078, 0xff8787, 0xafd787, 0xffd787, 0x87afff, 0xd7afff, 0x87d7d7, 0xffffff};
    static const Uint32 steps[6] = {0, 95, 135, 175, 215, 255};
    if (index < 16) return first[index];
    if (index >= 232) return (8 + (index - 232) * 10) * 0x010101u;
    index -= 16;
    return steps[index / 36] << 16 | steps[index / 6 % 6] << 8 | steps[index % 6];
}

static Uint32 rgb(orch_color color, Uint32 otherwise) {
    if ((color & 0xff000000u) == ORCH_COLOR_RGB) return color & 0xffffff;
    if ((color & 0xff000000u) == ORCH_COLOR_INDEXED) return palette(color & 0xff);
    return otherwise;
}

static void cell_colors(const struct terminal *self, const struct cell *cell, Uint32 *ink, Uint32 *paper) {
    const int reverse = (self->modes & ORCH_SCREEN_MODE_REVERSE_SCREEN) != 0;
    *ink = rgb(cell->foreground, reverse ? BACKGROUND : FOREGROUND);
    *paper = rgb(cell->background, reverse ? FOREGROUND : BACKGROUND);
    if (cell->attributes & ORCH_ATTRIBUTE_INVERSE) {
        const Uint32 swap = *ink;
        *ink = *paper;
        *paper = swap;
    }
    if (cell->attributes & ORCH_ATTRIBUTE_DIM) *ink = (*ink & 0xfefefe) / 2 + (*paper & 0xfefefe) / 2;
    if (cell->attributes & ORCH_ATTRIBUTE_HIDDEN) *ink = *paper;
}

static void fill(struct terminal *self, Uint32 color, int x, int y, int width, int height) {
    const SDL_Rect rect = {x, y, width, height};
    SDL_SetRenderDrawColor(self->renderer, (Uint8)(color >> 16), (Uint8)(color >> 8), (Uint8)color, 255);
    SDL_RenderFillRect(self->renderer, &rect);
}

/* Drawing */

static void forget_glyphs(struct terminal *self) {
    for (int i = 0; i < GLYPHS_MAX; i++) {
        if (self->glyphs[i].texture != NULL) SDL_DestroyTexture(self->glyphs[i].texture);
    }
    memset(self->glyphs, 0, GLYPHS_MAX * sizeof *self->glyphs);
    self->glyph_count = 0;
}

static const struct glyph *glyph_of(struct terminal *self, const char *text, orch_attributes attributes) {
    const SDL_Color white = {255, 255, 255, 255};
    const int style = attributes & (ORCH_ATTRIBUTE_BOLD | ORCH_ATTRIBUTE_ITALIC);
    TTF_Font *font = self->fonts[(style & ORCH_ATTRIBUTE_BOLD) != 0];
    struct glyph *glyph;
    SDL_Surface *surface;
    unsigned slot = 5381u + (unsigned)style;
    for (const char *c = text; *c != '\0'; c++) slot = slot * 33 + (unsigned char)*c;
    for (;; slot++) {
        glyph = &self->glyphs[slot % GLYPHS_MAX];
        if (glyph->texture == NULL) break;
        if (glyph->style == style && strcmp(glyph->text, text) == 0) return glyph;
    }
    if (self->glyph_count > GLYPHS_MAX / 2) {
        forget_glyphs(self);
        glyph = &self->glyphs[slot % GLYPHS_MAX];
    }
    TTF_SetFontStyle(font, style & ORCH_ATTRIBUTE_ITALIC ? TTF_STYLE_ITALIC : TTF_STYLE_NORMAL);
    surface = TTF_RenderUTF8_Blended(font, text, white);
    if (surface == NULL) return NULL; /* as a character without a width */
    glyph->texture = SDL_CreateTextureFromSurface(self->renderer, surface);
    glyph->width = surface->w;
    glyph->height = surface->h;
    SDL_FreeSurface(surface);
    if (glyph->texture == NULL) return NULL;
    glyph->style = style;
    strcpy(glyph->text, text);
    self->glyph_count++;
    return glyph;
}

static void draw_text(struct terminal *self, const struct cell *cell, Uint32 ink, int x, int y) {
    const int width = self->cell_width * cell->cols;
    const int thick = self->cell_height / 14 + 1;
    if (cell->text[0] != '\0' && strcmp(cell->text, " ") != 0) {
        const struct glyph *glyph = glyph_of(self, cell->text, cell->attributes);
        if (glyph != NULL) {
            const SDL_Rect from = {0, 0, SDL_min(glyph->width, width), SDL_min(glyph->height, self->cell_height)};
            const SDL_Rect to = {x, y, from.w, from.h};
            SDL_SetTextureColorMod(glyph->texture, (Uint8)(ink >> 16), (Uint8)(ink >> 8), (Uint8)ink);
            SDL_RenderCopy(self->renderer, glyph->texture, &from, &to);
        }
    }
    if (cell->underline != ORCH_UNDERLINE_NONE) {
        fill(self, ink, x, y + self->cell_height - thick, width, thick);
        if (cell->underline == ORCH_UNDERLINE_DOUBLE) {
            fill(self, ink, x, y + self->cell_height - 3 * thick, width, thick);
        }
    }
    if (cell->attributes & ORCH_ATTRIBUTE_STRIKEOUT) fill(self, ink, x, y + self->cell_height / 2, width, thick);
}

static void draw_row(struct terminal *self, int row) {
    const int y = MARGIN + row * self->cell_height;
    Uint32 ink, paper;
    for (int col = 0; col < self->cols; col++) {
        const struct cell *cell = &self->cells[row * self->cols + col];
        cell_colors(self, cell, &ink, &paper);
        fill(self, paper, MARGIN + col * self->cell_width, y, self->cell_width * cell->cols, self->cell_height);
    }
    for (int col = 0; col < self->cols; col++) {
        const struct cell *cell = &self->cells[row * self->cols + col];
        cell_colors(self, cell, &ink, &paper);
        if (cell->cols > 0) draw_text(self, cell, ink, MARGIN + col * self->cell_width, y);
    }
}

static void draw_cursor(struct terminal *self) {
    const int row = self->cursor.row + self->viewport, col = SDL_min(self->cursor.col, self->cols - 1);
    const int x = MARGIN + col * self->cell_width, y = MARGIN + row * self->cell_height;
    const int width = self->cell_width, height = self->cell_height, thick = height / 10 + 1;
    if (!(self->cursor.flags & ORCH_CURSOR_VISIBLE) || row >= self->rows) return;
    if (!self->focused) {
        const SDL_Rect frame = {x, y, width, height};
        SDL_SetRenderDrawColor(self->renderer, 128, 128, 128, 255);
        SDL_RenderDrawRect(self->renderer, &frame);
    } else if (self->cursor.shape == ORCH_CURSOR_SHAPE_BAR) {
        fill(self, FOREGROUND, x, y, thick, height);
    } else if (self->cursor.shape == ORCH_CURSOR_SHAPE_UNDERLINE) {
        fill(self, FOREGROUND, x, y + height - thick, width, thick);
    } else {
        const struct cell *cell = &self->cells[row * self->cols + col];
        Uint32 ink, paper;
        cell_colors(self, cell, &ink, &paper);
        fill(self, ink, x, y, width * SDL_max(cell->cols, 1), height);
        if (cell->cols > 0) draw_text(self, cell, paper, x, y);
    }
}

static void draw(struct terminal *self) {
    SDL_SetRenderTarget(self->renderer, self->canvas);
    for (int row = 0; row < self->rows; row++) {
        if (self->dirty[row]) draw_row(self, row);
        self->dirty[row] = 0;
    }
    SDL_SetRenderTarget(self->renderer, NULL);
    SDL_RenderCopy(self->renderer, self->canvas, NULL, NULL);
    draw_cursor(self);
    SDL_RenderPresent(self->renderer);
    self->must_present = 0;
}

static void dirty_all(struct terminal *self) {
    if (self->rows > 0) memset(self->dirty, 1, (size_t)self->rows);
    self->must_present = 1;
}

/* The canvas is as large as the window. */
static void make_canvas(struct terminal *self) {
    int width, height;
    SDL_GetRendererOutputSize(self->renderer, &width, &height);
    if (self->canvas != NULL) SDL_DestroyTexture(self->canvas);
    self->canvas = SDL_CreateTexture(self->renderer, SDL_PIXELFORMAT_RGBA8888, SDL_TEXTUREACCESS_TARGET, width, height);
    if (self->canvas == NULL) fail("canvas", SDL_GetError());
    SDL_SetRenderTarget(self->renderer, self->canvas);
    fill(self, BACKGROUND, 0, 0, width, height);
    SDL_SetRenderTarget(self->renderer, NULL);
    dirty_all(self);
}

/* A picture as PPM, which needs no library to read. */
static void write_picture(struct terminal *self) {
    int width, height;
    unsigned char *pixels;
    FILE *file = fopen(self->picture, "wb");
    draw(self);
    SDL_GetRendererOutputSize(self->renderer, &width, &height);
    pixels = (unsigned char *)allocate((size_t)width * (size_t)height, 3);
    SDL_RenderCopy(self->renderer, self->canvas, NULL, NULL);
    draw_cursor(self);
    SDL_RenderReadPixels(self->renderer, NULL, SDL_PIXELFORMAT_RGB24, pixels, width * 3);
    if (file == NULL || fprintf(file, "P6\n%d %d\n255\n", width, height) < 0 ||
        fwrite(pixels, 3, (size_t)(width * height), file) != (size_t)(width * height) || fclose(file) != 0) {
        perror(self->picture);
    }
    free(pixels);
    self->picture_wanted = 0;
}

/* Updates of the screen */

static void blank(struct cell *cells, int count) {
    memset(cells, 0, (size_t)count * sizeof *cells);
    for (int i = 0; i < count; i++) cells[i].cols = 1;
}

static void set_grid(struct terminal *self, const orch_size *window) {
    if (self->cols == window->cols && self->rows == window->rows) return; /* else all rows follow */
    free(self->cells);
    free(self->dirty);
    self->cols = window->cols;
    self->rows = window->rows;
    self->cells = (struct cell *)allocate((size_t)self->cols * (size_t)self->rows, sizeof *self->cells);
    self->dirty = (unsigned char *)allocate((size_t)self->rows, 1);
    blank(self->cells, self->cols * self->rows);
    make_canvas(self);
}

static void move_rows(struct terminal *self, const orch_scroll *scroll) {
    const size_t row_bytes = (size_t)self->cols * sizeof(struct cell);
    const int up = scroll->rows > 0 ? scroll->rows : 0, down = scroll->rows < 0 ? -scroll->rows : 0;
    const int count = scroll->bottom - scroll->top - up - down;
    struct cell *top = self->cells + scroll->top * self->cols;
    memmove(top + down * self->cols, top + up * self->cols, (size_t)count * row_bytes);
    memset(self->dirty + scroll->top, 1, (size_t)(scroll->bottom - scroll->top));
}

static int character_bytes(const char *text, size_t left) {
    size_t len = 1;
    while (len < left && ((unsigned char)text[len] & 0xc0) == 0x80) len++;
    return (int)len;
}

/* A run is one character a cell; or one cell, if there are combining characters in it. */
static int put_run(const orch_run *run, struct cell *cells, int left) {
    const char *text = (const char *)run->text.data;
    const int cols = run->flags & ORCH_RUN_WIDE ? 2 : 1;
    const int is_one = run->cols == cols;
    size_t at = 0;
    int col = 0;
    while (at < run->text.len && col + cols <= left) {
        struct cell *cell = &cells[col];
        int len = character_bytes(text + at, run->text.len - at), whole = len;
        while (is_one && at + (size_t)whole < run->text.len) {
            whole += character_bytes(text + at + whole, run->text.len - at - (size_t)whole);
            if (whole < TEXT_MAX) len = whole;
        }
        memcpy(cell->text, text + at, (size_t)SDL_min(len, TEXT_MAX - 1));
        cell->foreground = run->foreground;
        cell->background = run->background;
        cell->attributes = run->attributes;
        cell->underline = run->underline;
        cell->cols = cols;
        if (cols == 2) {
            cell[1] = cell[0];
            cell[1].cols = 0;
        }
        col += cols;
        at += (size_t)whole;
    }
    return col;
}

static void put_row(struct terminal *self, const orch_rows *rows, const orch_row *row) {
    const int place = row->index + self->viewport;
    struct cell *cells = self->cells + place * self->cols;
    int col = 0;
    if (place < 0 || place >= self->rows) return;
    blank(cells, self->cols);
    for (size_t i = 0; i < row->run_count; i++) {
        const orch_run *run = (const orch_run *)orch_element_at(row->runs, rows->run_stride, i);
        col += put_run(run, cells + col, self->cols - col);
    }
    self->dirty[place] = 1;
}

static void on_screen(struct terminal *self, const orch_event_screen *event) {
    const orch_screen_update *update = event->update;
    const orch_screen_modes changed = self->modes ^ update->modes;
    self->reader = event->reader;
    set_grid(self, &update->window);
    self->viewport = self->scroll_to = (int)update->viewport;
    self->history = (int)update->history;
    self->cursor = update->cursor;
    self->modes = update->modes;
    if (update->flags & ORCH_UPDATE_FULL) {
        blank(self->cells, self->cols * self->rows);
        dirty_all(self);
    }
    for (size_t i = 0; i < update->scroll_count; i++) {
        move_rows(self, (const orch_scroll *)orch_element_at(update->scrolls, update->scroll_stride, i));
    }
    for (size_t i = 0; i < update->rows.row_count; i++) {
        put_row(self, &update->rows, (const orch_row *)orch_element_at(update->rows.rows, update->rows.row_stride, i));
    }
    if (changed & ORCH_SCREEN_MODE_REVERSE_SCREEN) dirty_all(self);
    self->must_present = 1;
}

/* Input */

static void scroll(struct terminal *self, int rows) {
    const int to = SDL_clamp(self->scroll_to + rows, 0, self->history);
    if (to == self->scroll_to) return;
    self->scroll_to = to;
    check(self, orch_reader_set(self->engine, self->reader, ORCH_READER_OPTION_SCROLL, (uint32_t)to), "scroll");
}

static void type(struct terminal *self, const char *text, size_t len) {
    size_t accepted = 0; /* one key: either there is room, or the program has not read a million bytes */
    scroll(self, -self->scroll_to);
    check(self, orch_terminal_write(self->engine, self->id, text, len, &accepted), "write");
}

static void type_format(struct terminal *self, const char *format, ...) {
    char text[64];
    va_list arguments;
    int len;
    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    type(self, text, (size_t)len);
}

static void paste(struct terminal *self) {
    char *text = SDL_GetClipboardText();
    if (text != NULL && orch_terminal_paste(self->engine, self->id, text, strlen(text)) == ORCH_E_LIMIT) {
        SDL_FlashWindow(self->window, SDL_FLASH_BRIEFLY); /* all or nothing, and the queue has no room */
    }
    SDL_free(text);
}

/* Keys that are sequences: a letter after CSI or, with DECCKM, SS3; or a number and a tilde. */
static int type_sequence(struct terminal *self, SDL_Keycode key, int modifiers) {
    static const struct { SDL_Keycode key; char letter; int number; } keys[] = {
        {SDLK_UP, 'A', 0}, {SDLK_DOWN, 'B', 0}, {SDLK_RIGHT, 'C', 0}, {SDLK_LEFT, 'D', 0}, {SDLK_HOME, 'H', 0},
        {SDLK_END, 'F', 0}, {SDLK_INSERT, 0, 2}, {SDLK_DELETE, 0, 3}, {SDLK_PAGEUP, 0, 5}, {SDLK_PAGEDOWN, 0, 6},
        {SDLK_F1, 'P', 0}, {SDLK_F2, 'Q', 0}, {SDLK_F3, 'R', 0}, {SDLK_F4, 'S', 0}, {SDLK_F5, 0, 15},
        {SDLK_F6, 0, 17}, {SDLK_F7, 0, 18}, {SDLK_F8, 0, 19}, {SDLK_F9, 0, 20}, {SDLK_F10, 0, 21},
        {SDLK_F11, 0, 23}, {SDLK_F12, 0, 24}};
    const int is_application = (self->modes & ORCH_SCREEN_MODE_APPLICATION_CURSOR) != 0;
    for (size_t i = 0; i < SDL_arraysize(keys); i++) {
        const char letter = keys[i].letter;
        if (keys[i].key != key) continue;
        if (letter == 0 && modifiers == 0) type_format(self, "\x1b[%d~", keys[i].number);
        else if (letter == 0) type_format(self, "\x1b[%d;%d~", keys[i].number, modifiers + 1);
        else if (modifiers != 0) type_format(self, "\x1b[1;%d%c", modifiers + 1, letter);
        else type_format(self, letter >= 'P' || is_application ? "\x1bO%c" : "\x1b[%c", letter);
        return 1;
    }
    return 0;
}

static void on_key(struct terminal *self, const SDL_KeyboardEvent *event) {
    const SDL_Keysym *key = &event->keysym;
    const int shift = (key->mod & KMOD_SHIFT) != 0;
    const int alt = (key->mod & KMOD_LALT) != 0;
    const int ctrl = (key->mod & KMOD_CTRL) != 0;
    const char *escape = alt ? "\x1b" : "";
    const SDL_Keycode code = key->sym;
    if (code == SDLK_PRINTSCREEN) self->picture_wanted |= self->picture != NULL && !event->repeat;
    else if (shift && code == SDLK_PAGEUP) scroll(self, self->rows - 1);
    else if (shift && code == SDLK_PAGEDOWN) scroll(self, 1 - self->rows);
    else if (shift && ctrl && code == SDLK_v) paste(self);
    else if (code == SDLK_RETURN || code == SDLK_KP_ENTER) type_format(self, "%s\r", escape);
    else if (code == SDLK_BACKSPACE) type_format(self, "%s%c", escape, ctrl ? 8 : 127);
    else if (code == SDLK_TAB) type_format(self, shift ? "\x1b[Z" : "\t");
    else if (code == SDLK_ESCAPE) type_format(self, "%s\x1b", escape);
    else if (ctrl && code >= SDLK_a && code <= SDLK_z) type_format(self, "%s%c", escape, (int)(code & 31));
    else if (ctrl && code >= '[' && code <= '_') type_format(self, "%s%c", escape, (int)(code & 31));
    else if (ctrl && code == SDLK_SPACE) type(self, "", 1);
    else type_sequence(self, code, shift + 2 * alt + 4 * ctrl);
}

/* Printable keys come as text. */
static void on_text(struct terminal *self, const char *text) {
    if (SDL_GetModState() & KMOD_LALT) type(self, "\x1b", 1);
    if (!(SDL_GetModState() & KMOD_CTRL)) type(self, text, strlen(text));
}

/* Reports of the mouse. `button`: 0 to 2, 64 and 65 for the wheel, 32 more for motion. Whether the program wants
 * them. */
static int report_mouse(struct terminal *self, int button, int is_press) {
    const orch_screen_modes wanted =
        ORCH_SCREEN_MODE_MOUSE_CLICKS | ORCH_SCREEN_MODE_MOUSE_DRAGS | ORCH_SCREEN_MODE_MOUSE_MOTION;
    if (!(self->modes & wanted) || !(self->modes & ORCH_SCREEN_MODE_MOUSE_SGR) || (SDL_GetModState() & KMOD_SHIFT)) {
        return 0;
    }
    type_format(self, "\x1b[<%d;%d;%d%c", button, self->mouse_col + 1, self->mouse_row + 1, is_press ? 'M' : 'm');
    return 1;
}

static void on_motion(struct terminal *self, int x, int y) {
    const int col = SDL_clamp((x - MARGIN) / self->cell_width, 0, SDL_max(self->cols - 1, 0));
    const int row = SDL_clamp((y - MARGIN) / self->cell_height, 0, SDL_max(self->rows - 1, 0));
    const int is_drag = self->mouse_buttons != 0 && (self->modes & ORCH_SCREEN_MODE_MOUSE_DRAGS) != 0;
    if (col == self->mouse_col && row == self->mouse_row) return;
    self->mouse_col = col;
    self->mouse_row = row;
    if (is_drag || (self->modes & ORCH_SCREEN_MODE_MOUSE_MOTION)) {
        const int held = self->mouse_buttons;
        report_mouse(self, 32 + (held & 1 ? 0 : held & 2 ? 1 : held & 4 ? 2 : 3), 1);
    }
}

static void on_button(struct terminal *self, int button, int is_press) {
    if (button > 2) return;
    self->mouse_buttons = is_press ? self->mouse_buttons | 1 << button : self->mouse_buttons & ~(1 << button);
    report_mouse(self, button, is_press);
}

static void on_wheel(struct terminal *self, int y) {
    const orch_screen_modes as_keys = ORCH_SCREEN_MODE_ALTERNATE | ORCH_SCREEN_MODE_ALTERNATE_SCROLL;
    for (int i = 0; i < abs(y); i++) {
        if (report_mouse(self, y > 0 ? 64 : 65, 1)) continue;
        if ((self->modes & as_keys) == as_keys) {
            for (int j = 0; j < 3; j++) type_sequence(self, y > 0 ? SDLK_UP : SDLK_DOWN, 0);
        } else {
            scroll(self, y > 0 ? 3 : -3);
        }
    }
}

static orch_size size_of(struct terminal *self) {
    orch_size size;
    int width, height;
    SDL_GetRendererOutputSize(self->renderer, &width, &height);
    size.cols = (uint16_t)SDL_clamp((width - 2 * MARGIN) / self->cell_width, 2, 1000);
    size.rows = (uint16_t)SDL_clamp((height - 2 * MARGIN) / self->cell_height, 1, 1000);
    size.pixel_width = (uint16_t)(size.cols * self->cell_width);
    size.pixel_height = (uint16_t)(size.rows * self->cell_height);
    return size;
}

static void on_window(struct terminal *self, const SDL_WindowEvent *event) {
    switch (event->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        make_canvas(self); /* the rows follow with the next update */
        check(self, orch_terminal_resize(self->engine, self->id, size_of(self)), "resize");
        break;
    case SDL_WINDOWEVENT_FOCUS_GAINED:
    case SDL_WINDOWEVENT_FOCUS_LOST:
        self->focused = event->event == SDL_WINDOWEVENT_FOCUS_GAINED;
        if (self->modes & ORCH_SCREEN_MODE_FOCUS_REPORTS) type(self, self->focused ? "\x1b[I" : "\x1b[O", 3);
        break;
    default: break;
    }
    self->must_present = 1;
}

/* The engine */

static void on_exited(struct terminal *self, const orch_event_exited *exited) {
    self->exit_status = exited->exit_kind == ORCH_EXIT_CODE ? exited->exit_value : 128 + exited->exit_value;
    check(self, orch_engine_shutdown(self->engine, GRACE_MS), "shutdown");
}

static void on_title(struct terminal *self, const orch_bytes *title) {
    char *text = (char *)allocate(title->len + 1, 1);
    memcpy(text, title->data, title->len);
    SDL_SetWindowTitle(self->window, text);
    free(text);
}

static void make_turn(struct terminal *self) {
    orch_event event = ORCH_EVENT_INIT;
    check(self, orch_engine_turn(self->engine, 0), "turn");
    while (check(self, orch_engine_next_event(self->engine, &event), "event") == ORCH_OK) {
        switch (event.kind) {
        case ORCH_EVENT_SCREEN: on_screen(self, event.payload.screen); break;
        case ORCH_EVENT_TITLE: on_title(self, &event.payload.title->title); break;
        case ORCH_EVENT_BELL: SDL_FlashWindow(self->window, SDL_FLASH_BRIEFLY); break;
        case ORCH_EVENT_EXITED: on_exited(self, event.payload.exited); break;
        case ORCH_EVENT_SHUTDOWN_COMPLETE: self->over = 1; break;
        default: break;
        }
    }
    SDL_SemPost(self->waiter.turn_made);
}

/* Everything that the engine has to say was drawn. */
static int is_quiet(struct terminal *self) {
    struct pollfd fd = {orch_engine_get_fd(self->engine), POLLIN, 0};
    int32_t timeout_ms = 0;
    check(self, orch_engine_get_timeout(self->engine, &timeout_ms), "timeout");
    return timeout_ms < 0 && poll(&fd, 1, 0) == 0;
}

static void on_event(struct terminal *self, const SDL_Event *event) {
    if (event->type == self->waiter.readable) {
        make_turn(self);
        return;
    }
    switch (event->type) {
    case SDL_QUIT: check(self, orch_engine_shutdown(self->engine, GRACE_MS), "shutdown"); break;
    case SDL_WINDOWEVENT: on_window(self, &event->window); break;
    case SDL_KEYDOWN: on_key(self, &event->key); break;
    case SDL_TEXTINPUT: on_text(self, event->text.text); break;
    case SDL_MOUSEMOTION: on_motion(self, event->motion.x, event->motion.y); break;
    case SDL_MOUSEBUTTONDOWN: on_button(self, event->button.button - 1, 1); break;
    case SDL_MOUSEBUTTONUP: on_button(self, event->button.button - 1, 0); break;
    case SDL_MOUSEWHEEL: on_wheel(self, event->wheel.y); break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        forget_glyphs(self);
        make_canvas(self);
        break;
    default: break;
    }
}

/* Beginning and end */

static void open_fonts(struct terminal *self, const char *path, int points) {
    const size_t stem = strlen(path) > 4 ? strlen(path) - 4 : 0;
    char *bold = (char *)allocate(strlen(path) + 6, 1);
    sprintf(bold, "%.*s-Bold%s", (int)stem, path, path + stem);
    if (TTF_Init() != 0) fail("SDL_ttf", TTF_GetError());
    self->fonts[0] = TTF_OpenFont(path, points);
    if (self->fonts[0] == NULL) fail(path, TTF_GetError());
    self->fonts[1] = TTF_OpenFont(bold, points);
    if (self->fonts[1] == NULL) self->fonts[1] = self->fonts[0];
    if (TTF_GlyphMetrics32(self->fonts[0], 'M', NULL, NULL, NULL, NULL, &self->cell_width) != 0) {
        fail(path, TTF_GetError());
    }
    self->cell_height = TTF_FontHeight(self->fonts[0]);
    self->glyphs = (struct glyph *)allocate(GLYPHS_MAX, sizeof *self->glyphs);
    free(bold);
}

static void open_window(struct terminal *self) {
    if (SDL_Init(SDL_INIT_VIDEO) != 0) fail("SDL", SDL_GetError());
    self->window = SDL_CreateWindow("sdl_terminal", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                    80 * self->cell_width + 2 * MARGIN, 24 * self->cell_height + 2 * MARGIN,
                                    SDL_WINDOW_RESIZABLE);
    if (self->window == NULL) fail("window", SDL_GetError());
    self->renderer = SDL_CreateRenderer(self->window, -1, SDL_RENDERER_TARGETTEXTURE);
    if (self->renderer == NULL) fail("renderer", SDL_GetError());
    make_canvas(self);
    SDL_StartTextInput();
}

static void start_program(struct terminal *self, int argc, char **argv) {
    orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
    orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
    orch_bytes args[ARGS_MAX];
    orch_status status;
    if (argc > ARGS_MAX) fail(argv[0], "too many arguments");
    for (int i = 0; i < argc; i++) args[i] = orch_str(argv[i]);
    screen.scrollback = SCROLLBACK;
    screen.foreground = screen.cursor = ORCH_COLOR_RGB | FOREGROUND;
    screen.background = ORCH_COLOR_RGB | BACKGROUND;
    options.argv = args; /* none: the user's shell */
    options.argv_len = (size_t)argc;
    options.screen = &screen;
    options.delivery = ORCH_DELIVERY_SCREEN;
    options.window = size_of(self);
    status = check(self, orch_engine_create(NULL, &self->engine), "engine");
    status = check(self, orch_terminal_spawn(self->engine, &options, &self->id), "spawn");
    if (status != ORCH_OK) fail("spawn", orch_status_get_name(status));
    waiter_start(&self->waiter, orch_engine_get_fd(self->engine));
}

static void end(struct terminal *self) {
    waiter_stop(&self->waiter);
    orch_engine_destroy(self->engine);
    forget_glyphs(self);
    if (self->fonts[1] != self->fonts[0]) TTF_CloseFont(self->fonts[1]);
    TTF_CloseFont(self->fonts[0]);
    SDL_DestroyTexture(self->canvas);
    SDL_DestroyRenderer(self->renderer);
    SDL_DestroyWindow(self->window);
    TTF_Quit();
    SDL_Quit();
    free(self->glyphs);
    free(self->cells);
    free(self->dirty);
}

int main(int argc, char **argv) {
    static struct terminal self;
    const char *font = FONT;
    int points = 13, option;
    while ((option = getopt(argc, argv, "+f:s:p:")) != -1) {
        if (option == 'f') font = optarg;
        else if (option == 's') points = atoi(optarg);
        else if (option == 'p') self.picture = optarg;
        else return 2;
    }
    open_fonts(&self, font, points > 0 ? points : 13);
    open_window(&self);
    start_program(&self, argc - optind, argv + optind);
    while (!self.over) {
        SDL_Event event;
        if (!SDL_WaitEvent(&event)) fail("SDL", SDL_GetError());
        do {
            on_event(&self, &event);
        } while (!self.over && SDL_PollEvent(&event));
        if (self.must_present) draw(&self);
        if (self.picture_wanted && is_quiet(&self)) write_picture(&self);
    }
    end(&self);
    return self.exit_status;
}
