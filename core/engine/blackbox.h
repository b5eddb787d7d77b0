/* core/engine/blackbox.h
 *
 * What each shard was doing when the process died: a small file in the data folder, mapped into memory, so
 * that what is written survives the process without a system call.
 *
 * A shard says which event it works on. Who notices that the process must die because of that (the watchdog,
 * the handler of a fatal signal) blames the shard. At the next start the event that was being worked on is a
 * suspect; one that is a suspect twice is quarantined: it is not tried a third time. A kill, a power cut or a
 * lack of memory blames nobody.
 *
 * blackbox_work belongs to the shard's thread, the blaming to any thread and to handlers of signals; the rest
 * to the main thread, before the shards run.
 */
#pragma once

#include "base/error.h"
#include "model/event.h"

struct blackbox;

enum { BLACKBOX_CRASHES_MAX = 2 }; /* so often an event may take the process with it */

/* Opens or makes the file `folder`/inflight. One that cannot be read is begun anew. What it says of the
 * process before becomes suspects. */
int blackbox_open(const char *folder, struct blackbox **ret, struct error *reterr);
void blackbox_close(struct blackbox *blackbox); /* NULL is allowed */

/* The calling thread is this shard's. */
void blackbox_shard(struct blackbox *blackbox, unsigned shard);

/* The shard works on the event, by the rule (both parts absent: it looks for rules); event NULL: on none. A
 * NULL blackbox is allowed. */
void blackbox_work(struct blackbox *blackbox, unsigned shard, const struct event *event, struct str campaign,
		   struct str rule);

/* The process is about to die because of this shard; or of the calling thread, if it is a shard's. */
void blackbox_blame(struct blackbox *blackbox, unsigned shard);
void blackbox_blame_thread(struct blackbox *blackbox);

struct suspicion {
	unsigned crashes;
	struct str campaign, rule; /* at the last one; may be empty */
};

/* How often the event was to blame; 0: never. The texts live as long as the blackbox. */
struct suspicion blackbox_suspicion(const struct blackbox *blackbox, const struct event *event);

/* What the shard works on now. Any thread; what changes meanwhile may be cut. */
struct suspicion blackbox_working(const struct blackbox *blackbox, unsigned shard);
