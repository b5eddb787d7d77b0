/* core/script/event_view.h
 *
 * An event as rules see it: a userdata over the struct, read field by field, so that nothing is built that
 * nobody reads. Valid for its own run only.
 */
#pragma once

#include "script/state.h"

/* Pushes the event, which the run keeps, as `event` or, with `is_call`, as `call`. */
void event_view_push(lua_State *L, struct script_run *run, const struct event *event, bool is_call);

/* The event at `index` if it is one, and of the current run; else NULL. */
const struct event *event_view_get(lua_State *L, int index);

/* Makes the metatable; at the opening of a sandbox. */
void event_view_open(lua_State *L);

/* Raises when no event can have a tag of that name. */
void tag_check(lua_State *L, const struct campaign *campaign, struct str name, bool carried);

/* Pushes the call's history or segments. */
void call_push_history(lua_State *L, struct script_run *run);
void call_push_segments(lua_State *L, struct script_run *run);
