/* Connections that curl only opens: how many lead where, and those that carry no exchange. Each stays with
 * the easy handle that opened it and with the work around both. */
#include "transport/transport_curl_private.h"

#include <strings.h>

enum {
	/* A name's new address is to be used in the end, even where requests never let the connection rest.
	 */
	LIFE_US = 300 * 1000000,
	REST_US = 60 * 1000000,
};

static struct list *bucket_of(struct curl_transport *transport, const struct target *target)
{
	/* Names differ in case and are the same. Most have their own length and port. */
	return &transport->kept[(target->host.n * 31 + target->port) % countof(transport->kept)];
}

static bool leads_to(const struct curl_work *work, const struct target *target)
{
	return work->origin.port == target->port && work->origin.tls == target->tls &&
	       str_eq_nocase(str_of(work->origin.host), target->host);
}

static void forget(struct curl_work *work)
{
	list_remove(&work->by_origin);
	list_remove(&work->by_rest);
	work->transport->n_kept--;
}

static void drop(struct curl_work *work)
{
	forget(work);
	direct_close(work);
	curl_work_release(work);
}

static struct curl_work *oldest(struct curl_transport *transport)
{
	struct list *first = list_first(&transport->resting);
	return first ? container_of(first, struct curl_work, by_rest) : NULL;
}

static void watch_the_oldest(struct curl_transport *transport)
{
	struct curl_work *work = oldest(transport);
	if (work)
		timers_set(transport->timers, &transport->kept_timer, work->rested_us + REST_US);
	else
		timers_cancel(transport->timers, &transport->kept_timer);
}

static void rest_is_over(struct timer *timer)
{
	struct curl_transport *transport = container_of(timer, struct curl_transport, kept_timer);
	int64_t now_us = clock_mono_us(transport->clock);
	for (struct curl_work *work; (work = oldest(transport)) && work->rested_us + REST_US <= now_us;)
		drop(work);
	watch_the_oldest(transport);
}

void kept_init(struct curl_transport *transport)
{
	for (size_t i = 0; i < countof(transport->kept); i++)
		list_init(&transport->kept[i]);
	list_init(&transport->resting);
	list_init(&transport->open);
	list_init(&transport->waiting);
	transport->kept_timer.fire = rest_is_over;
}

void kept_finish(struct curl_transport *transport)
{
	for (struct curl_work *work; (work = oldest(transport));)
		drop(work);
	timers_cancel(transport->timers, &transport->kept_timer);
}

static bool has_room(struct curl_transport *transport, const struct target *target)
{
	int n = 0;
	for (struct list *at = transport->open.next; at != &transport->open; at = at->next)
		n += leads_to(container_of(at, struct curl_work, is_open), target);
	return n < transport->options.connections_per_host_max;
}

bool kept_open(struct curl_work *work)
{
	struct curl_transport *transport = work->transport;
	if (!has_room(transport, &work->target)) {
		work->phase = WORK_WAITING;
		list_append(&transport->waiting, &work->waits);
		return false;
	}
	work->origin.port = work->target.port;
	work->origin.tls = work->target.tls;
	memcpy(work->origin.host, work->target.host.p, work->target.host.n);
	work->origin.host[work->target.host.n] = 0;
	list_append(&transport->open, &work->is_open);
	return true;
}

void kept_closed(struct curl_work *work)
{
	list_remove(&work->is_open);
	if (!list_empty(&work->transport->waiting))
		curl_sockets_soon(work->transport);
}

void kept_wake_waiting(struct curl_transport *transport)
{
	for (struct list *at = transport->waiting.next, *next; at != &transport->waiting; at = next) {
		struct curl_work *work = container_of(at, struct curl_work, waits);
		next = at->next;
		if (work->phase != WORK_WAITING || !has_room(transport, &work->target))
			continue;
		list_remove(&work->waits);
		curl_transport_resume(work);
	}
}

static struct curl_work *waits_for(struct curl_transport *transport, const struct curl_work *free)
{
	for (struct list *at = transport->waiting.next; at != &transport->waiting; at = at->next) {
		struct curl_work *work = container_of(at, struct curl_work, waits);
		if (leads_to(free, &work->target))
			return work;
	}
	return NULL;
}

bool kept_add(struct curl_work *work)
{
	struct curl_transport *transport = work->transport;
	int64_t now_us = clock_mono_us(transport->clock);
	if (now_us - work->connected_us > LIFE_US ||
	    transport->n_kept >= (size_t)transport->options.connections_max)
		return false;
	struct curl_work *waiting = waits_for(transport, work);
	if (waiting) {
		curl_transport_hand_on(waiting, work);
		return true;
	}
	const struct target target = {str_of(work->origin.host), work->origin.port, work->origin.tls,
				      TARGET_NAME};
	struct list *bucket = bucket_of(transport, &target);
	work->rested_us = now_us;
	work->by_origin = (struct list){bucket->next, bucket};
	bucket->next->prev = &work->by_origin;
	bucket->next = &work->by_origin;
	list_append(&transport->resting, &work->by_rest);
	if (transport->n_kept++ == 0)
		watch_the_oldest(transport);
	return true;
}

static struct curl_work *resting_to(struct curl_transport *transport, const struct target *target)
{
	struct list *bucket = bucket_of(transport, target);
	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct curl_work *work = container_of(at, struct curl_work, by_origin);
		if (leads_to(work, target))
			return work;
	}
	return NULL;
}

struct curl_work *kept_take(struct curl_transport *transport, const struct target *target)
{
	struct curl_work *work = resting_to(transport, target);
	if (work)
		forget(work);
	return work;
}

void kept_make_room(struct curl_transport *transport, const struct target *target)
{
	struct curl_work *work = resting_to(transport, target);
	if (!work)
		work = oldest(transport);
	if (work)
		drop(work);
}

void kept_lost(struct curl_work *work)
{
	drop(work);
}
