#include "engine/state_maker.h"

#include "engine/private.h"

struct state_maker {
	struct engine *engine;
	struct mailbox mailbox;
	struct watch *watch;
	pthread_t thread;
	sem_t posted;
	bool ending; /* atomic */
};

struct closing {
	struct message message;
	struct script_state *script;
	struct unit *unit;
};

static void wake(void *context)
{
	sem_post(&((struct state_maker *)context)->posted);
}

static void *run_thread(void *context)
{
	struct state_maker *maker = context;
	pthread_setname_np(pthread_self(), "states");
	maker->watch = watchdog_watch(maker->engine->watchdog, NULL);
	while (!__atomic_load_n(&maker->ending, __ATOMIC_ACQUIRE)) {
		while (sem_wait(&maker->posted))
			; /* a signal */
		mailbox_drain(&maker->mailbox);
	}
	return NULL;
}

struct state_maker *state_maker_start(struct engine *engine)
{
	struct state_maker *maker = mem_zalloc(sizeof *maker);
	maker->engine = engine;
	mailbox_init(&maker->mailbox, wake, maker);
	sem_init(&maker->posted, 0, 0);
	ensure(pthread_create(&maker->thread, NULL, run_thread, maker) == 0);
	return maker;
}

void state_maker_stop(struct state_maker *maker)
{
	if (!maker)
		return;
	__atomic_store_n(&maker->ending, true, __ATOMIC_RELEASE);
	sem_post(&maker->posted);
	pthread_join(maker->thread, NULL);
	mailbox_drain(&maker->mailbox);
	mailbox_finish(&maker->mailbox);
	sem_destroy(&maker->posted);
	free(maker);
}

static void deliver_made(struct message *message)
{
	struct state_making *making = container_of(message, struct state_making, message);
	making->made(making);
}

static void deliver_make(struct message *message)
{
	struct state_making *making = container_of(message, struct state_making, message);
	struct state_maker *maker = making->maker;
	making->dropped = __atomic_load_n(&maker->ending, __ATOMIC_ACQUIRE);
	if (!making->dropped)
		script_state_create(making->unit->campaign, &run_host, maker->watch, &making->script,
				    &making->error);
	making->message.deliver = deliver_made;
	mailbox_post(making->reply_to, &making->message);
}

void state_maker_make(struct state_maker *maker, struct state_making *making)
{
	making->message.deliver = deliver_make;
	making->maker = maker;
	mailbox_post(&maker->mailbox, &making->message);
}

static void deliver_close(struct message *message)
{
	struct closing *closing = container_of(message, struct closing, message);
	script_state_destroy(closing->script);
	unit_unref(closing->unit);
	free(closing);
}

void state_maker_close(struct state_maker *maker, struct script_state *script, struct unit *unit)
{
	struct closing *closing = mem_zalloc(sizeof *closing);
	*closing = (struct closing){.message.deliver = deliver_close, .script = script, .unit = unit};
	mailbox_post(&maker->mailbox, &closing->message);
}
