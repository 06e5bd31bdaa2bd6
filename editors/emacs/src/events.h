// Events of the engine as values of Emacs.

#ifndef ORCHFLOW_EMACS_EVENTS_H
#define ORCHFLOW_EMACS_EVENTS_H

#include "rows.h"

// (KIND SOURCE . DATA), where KIND is the name of the event as a symbol, such as `watch-batch`, and `other` for one that
// this module does not convert. Paths are unibyte strings.
emacs_value event_value(emacs_env *env, rows_room *room, const orch_event *event);

#endif
