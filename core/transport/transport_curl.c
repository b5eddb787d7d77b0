#include "transport/transport_curl_private.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { CONNECTIONS = 1000, CONNECTIONS_PER_HOST = 200, IDLE_HANDLES = 200 };

static void begin(struct curl_work *work);

/* --- the end of an exchange --- */

static void finish(struct curl_work *work, struct answer *answer)
{
	struct curl_transport *transport = work->transport;
	struct exchange *exchange = work->exchange;
	timers_cancel(transport->timers, &work->timer);
	answer->took_us = clock_mono_us(transport->clock) - work->started_us;
	answer->sent_twice = work->repeated;
	exchange->work = NULL;
	transport->under_way--;
	exchange->done(exchange, answer);
	curl_work_release(work);
}

static void take_from_curl(struct curl_work *work)
{
	if (work->connected) {
		direct_close(work);
		return;
	}
	list_remove(&work->waits);
	if (work->direct)
		kept_closed(work);
	work->transport->n_added--;
	curl_multi_remove_handle(work->transport->multi, work->easy);
}

void curl_transport_ended(struct curl_work *work, CURLcode code)
{
	if (work->direct && work->phase == WORK_CURL && code == CURLE_OK) {
		direct_connected(work);
		return;
	}
	struct answer answer = curl_answer_of(work, code);
	bool moves = curl_redirect_follow(work, &answer);
	if (moves || !direct_keeps(work))
		take_from_curl(work);
	if (moves)
		begin(work);
	else
		finish(work, &answer);
}

/* `done` is never called from within transport_send. */
static void decide(struct curl_work *work, enum failure failure, const char *detail)
{
	work->phase = WORK_DECIDED;
	work->decided = failure;
	snprintf(work->decided_detail, sizeof work->decided_detail, "%s", detail);
	timers_set(work->transport->timers, &work->timer, clock_mono_us(work->transport->clock));
}

static void decide_no_address(struct curl_work *work, const char *why)
{
	char detail[sizeof work->decided_detail];
	int host_n = work->target.host.n < 80 ? (int)work->target.host.n : 80;
	if (work->transport->proxy) {
		snprintf(detail, sizeof detail, "no address for the proxy: %s", why);
		decide(work, FAILURE_PROXY, detail);
		return;
	}
	snprintf(detail, sizeof detail, "no address for %.*s: %s", host_n, work->target.host.p, why);
	decide(work, FAILURE_DNS, detail);
}

/* --- deadlines --- */

static void bound_connecting(struct curl_work *work, int64_t now_us)
{
	int64_t limit_us = work->exchange->connect_timeout_ms * 1000;
	if (limit_us > 0 && now_us + limit_us < work->deadline_us)
		timers_set(work->transport->timers, &work->timer, now_us + limit_us);
}

void curl_transport_opened(struct curl_work *work)
{
	if (!work->opened)
		bound_connecting(work, clock_mono_us(work->transport->clock));
	work->opened = true;
	list_remove(&work->waits);
}

static bool is_connected(const struct curl_work *work)
{
	curl_off_t time_us = 0;
	curl_easy_getinfo(work->easy, CURLINFO_PRETRANSFER_TIME_T, &time_us);
	return time_us > 0;
}

static void stop(struct curl_work *work)
{
	if (work->phase == WORK_RESOLVING)
		resolver_cancel(work->transport->resolver, &work->waiter);
	else if (work->phase == WORK_WAITING)
		list_remove(&work->waits);
	else if (work->phase == WORK_CURL || work->phase == WORK_DIRECT)
		take_from_curl(work);
}

static void out_of_time(struct curl_work *work, bool connecting)
{
	struct answer answer = {0};
	curl_failure_timeout(work, connecting, &answer);
	stop(work);
	finish(work, &answer);
}

static void work_due(struct timer *timer)
{
	struct curl_work *work = container_of(timer, struct curl_work, timer);
	if (work->phase == WORK_DECIDED) {
		struct answer answer = {.failure = work->decided};
		memcpy(answer.detail, work->decided_detail, sizeof answer.detail);
		finish(work, &answer);
	} else if (timer->due_us >= work->deadline_us) {
		out_of_time(work, false);
	} else if (work->phase == WORK_CURL && !work->direct && is_connected(work)) {
		timers_set(work->transport->timers, timer, work->deadline_us);
	} else {
		out_of_time(work, true);
	}
}

/* --- sending --- */

/* What curl must know about addresses before this transfer begins: this one, and which to forget. */
static struct curl_slist *pins_for(struct curl_transport *transport, const struct resolved *resolved)
{
	struct curl_slist *pins = curl_slist_append(NULL, resolved->pin);
	for (char *key; (key = resolver_next_forgotten(transport->resolver)); free(key)) {
		char line[TARGET_HOST_MAX + 10];
		snprintf(line, sizeof line, "-%s", key);
		pins = curl_slist_append(pins, line);
	}
	ensure(pins);
	return pins;
}

/* Curl has all the connections that it may have. One that rests is given up. */
static void wait_for_connection(struct curl_work *work)
{
	if (work->direct)
		list_append(&work->transport->waiting, &work->waits);
	kept_make_room(work->transport, &work->target);
}

/* Curl reads the pins in its first step, which curl_sockets_kick takes, and keeps what they say. */
static void hand_over(struct curl_work *work, struct resolved *resolved)
{
	struct curl_transport *transport = work->transport;
	struct curl_slist *pins = NULL;
	work->phase = WORK_CURL;
	work->n_uses = 0;
	if (resolved && !resolved->pinned) {
		pins = pins_for(transport, resolved);
		curl_easy_setopt(work->easy, CURLOPT_RESOLVE, pins);
	}
	transport->driving = true;
	ensure(curl_multi_add_handle(transport->multi, work->easy) == CURLM_OK);
	transport->driving = false;
	transport->n_added++;
	curl_sockets_kick(transport);
	if (pins) {
		curl_easy_setopt(work->easy, CURLOPT_RESOLVE, NULL);
		curl_slist_free_all(pins);
		resolver_pinned(resolved);
	}
	if (!work->opened)
		wait_for_connection(work);
}

static void start(struct curl_work *work, struct resolved *resolved)
{
	if (resolved && resolved->failed) {
		decide_no_address(work, resolved->failed);
		return;
	}
	timers_set(work->transport->timers, &work->timer, work->deadline_us);
	if (!work->direct || kept_open(work))
		hand_over(work, resolved);
}

static void on_resolved(struct resolve_waiter *waiter, struct resolved *resolved)
{
	start(container_of(waiter, struct curl_work, waiter), resolved);
}

static void resolve(struct curl_work *work)
{
	struct curl_transport *transport = work->transport;
	work->phase = WORK_RESOLVING;
	struct resolved *resolved = NULL;
	const struct target *target = transport->proxy ? &transport->proxy_target : &work->target;
	if (target->kind != TARGET_IPV6) {
		resolved = resolver_ask(transport->resolver, target, &work->waiter);
		if (!resolved) {
			timers_set(transport->timers, &work->timer, work->deadline_us);
			bound_connecting(work, work->started_us);
			return;
		}
	}
	start(work, resolved);
}

/* A proxy looks names up by itself; what is no name is known here already. */
static bool proxy_may_be_asked(struct curl_work *work)
{
	const struct egress *egress = work->transport->options.egress;
	bool loopback = host_is_loopback(work->target.host);
	struct ip_address ip = {{[15] = 1}};
	if (!egress || (!ip_address_parse(work->target.host, &ip) && !loopback) ||
	    egress_allows(egress, work->exchange->peer, loopback, &ip))
		return true;
	snprintf(work->refused, sizeof work->refused,
		 "the host is %s; --allow-egress or the service's egress can allow it",
		 address_kind_name(address_kind(&ip)));
	return false;
}

/* The others need what only curl's own HTTP does. */
static bool may_be_direct(const struct curl_transport *transport, const struct exchange *exchange)
{
	const struct peer_options *peer = exchange->peer;
	return !transport->proxy && !exchange->proof &&
	       (!peer || (!peer->http2 && !peer->ca.n && !peer->ca_file.n && !peer->crl_file.n));
}

/* A kept connection may have been opened for a service that is allowed more. */
static void begin_connected(struct curl_work *work)
{
	if (!curl_work_may_reach(work, &work->peer.any)) {
		decide(work, FAILURE_REFUSED, work->refused);
		return;
	}
	direct_begin_again(work);
}

static void begin(struct curl_work *work)
{
	work->direct = may_be_direct(work->transport, work->exchange);
	const char *refused = curl_request_set(work);
	if (refused)
		decide(work, FAILURE_REFUSED, refused);
	else if (work->transport->proxy && !proxy_may_be_asked(work))
		decide(work, FAILURE_REFUSED, work->refused);
	else if (work->connected)
		begin_connected(work);
	else
		resolve(work);
}

void curl_transport_resume(struct curl_work *work)
{
	resolve(work);
}

void curl_transport_reconnect(struct curl_work *work)
{
	direct_close(work);
	curl_answer_begin(work);
	work->opened = false;
	begin(work);
}

void curl_transport_hand_on(struct curl_work *from, struct curl_work *to)
{
	timers_cancel(from->transport->timers, &from->timer);
	stop(from);
	to->exchange = from->exchange;
	to->exchange->work = to;
	to->started_us = from->started_us;
	to->deadline_us = from->deadline_us;
	to->repeated = from->repeated;
	to->n_moves = from->n_moves;
	to->only_get = from->only_get;
	to->foreign = from->foreign;
	free(to->moved_to);
	to->moved_to = from->moved_to;
	from->moved_to = NULL;
	curl_work_release(from);
	curl_answer_begin(to);
	begin(to);
}

static struct curl_work *work_for(struct curl_transport *transport, const struct exchange *exchange)
{
	struct target target;
	struct curl_work *kept = NULL;
	if (may_be_direct(transport, exchange) && !target_parse(exchange->request->url, &target))
		kept = kept_take(transport, &target);
	return kept ? kept : curl_work_take(transport);
}

static void curl_send(struct transport *base, struct exchange *exchange)
{
	struct curl_transport *transport = container_of(base, struct curl_transport, transport);
	struct curl_work *work = work_for(transport, exchange);
	int64_t timeout_ms = exchange->timeout_ms > 0 ? exchange->timeout_ms : TIMEOUT_DEFAULT_MS;
	exchange->work = work;
	transport->under_way++;
	work->exchange = exchange;
	work->started_us = clock_mono_us(transport->clock);
	work->deadline_us = work->started_us + timeout_ms * 1000;
	work->opened = work->connected;
	work->refused[0] = 0;
	work->n_moves = 0;
	work->only_get = work->foreign = work->repeated = false;
	free(work->moved_to);
	work->moved_to = NULL;
	work->timer.fire = work_due;
	work->waiter.done = on_resolved;
	curl_answer_begin(work);
	begin(work);
}

static void curl_cancel(struct transport *base, struct exchange *exchange)
{
	struct curl_work *work = exchange->work;
	if (!work)
		return;
	stop(work);
	timers_cancel(work->transport->timers, &work->timer);
	exchange->work = NULL;
	work->transport->under_way--;
	curl_work_release(work);
}

/* --- its life --- */

static void curl_destroy(struct transport *base)
{
	struct curl_transport *transport = container_of(base, struct curl_transport, transport);
	ensure(transport->under_way == 0);
	kept_finish(transport);
	while (transport->idle)
		curl_work_destroy(curl_work_take(transport));
	curl_multi_cleanup(transport->multi);
	curl_sockets_finish(transport);
	resolver_destroy(transport->resolver);
	free(transport->ca_file);
	free(transport->proxy);
	free(transport->files_folder);
	free(transport);
}

int transport_curl_global_init(void)
{
	/* OpenSSL writes with write(2). */
	signal(SIGPIPE, SIG_IGN);
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

void transport_curl_global_finish(void)
{
	curl_global_cleanup();
}

static void set_options(struct curl_transport *transport, const struct transport_curl_options *options)
{
	struct transport_curl_options *own = &transport->options;
	*own = *options;
	if (own->connections_max <= 0)
		own->connections_max = CONNECTIONS;
	if (own->connections_per_host_max <= 0)
		own->connections_per_host_max = CONNECTIONS_PER_HOST;
	if (own->idle_handles_max <= 0)
		own->idle_handles_max = IDLE_HANDLES;
	if (!own->user_agent)
		own->user_agent = "switchhook";
	if (options->ca_file)
		own->ca_file = transport->ca_file = mem_strdup(options->ca_file);
	if (options->files_folder)
		own->files_folder = transport->files_folder = mem_strdup(options->files_folder);
	if (options->proxy) {
		own->proxy = transport->proxy = mem_strdup(options->proxy);
		target_parse(str_of(transport->proxy), &transport->proxy_target);
	}
	curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, (long)own->connections_max);
	curl_multi_setopt(transport->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)own->connections_max);
	curl_multi_setopt(transport->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			  (long)own->connections_per_host_max);
	/* See docs/decisions/0025: several HTTP/2 streams on a connection are dropped now and then. */
	curl_multi_setopt(transport->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
}

int transport_proxy_check(const char *proxy, struct error *reterr)
{
	struct target target;
	const char *wrong = target_parse(str_of(proxy), &target);
	if (!wrong && target.tls)
		wrong = "a proxy is spoken to by http";
	if (!wrong && target.host.p + target.host.n + sizeof ":65535/]" < proxy + strlen(proxy))
		wrong = "a proxy's URL ends with its port";
	if (!wrong)
		return 0;
	error_set(reterr, "the proxy '%.200s' cannot be used: %s", proxy, wrong);
	error_hint(reterr, "write http://HOST:PORT");
	return -1;
}

const char *transport_curl_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

int transport_curl_create(uv_loop_t *loop, struct clock *clock, struct timers *timers,
			  const struct transport_curl_options *options, struct transport **ret,
			  struct error *reterr)
{
	static const struct transport_ops ops = {curl_send, curl_cancel, curl_destroy};
	if (options->ca_file && access(options->ca_file, R_OK))
		return error_set(reterr, "the file of trusted certificates '%s' cannot be read",
				 options->ca_file);
	if (options->proxy && transport_proxy_check(options->proxy, reterr))
		return -1;
	CURLM *multi = curl_multi_init();
	if (!multi)
		return error_set(reterr, "libcurl cannot be set up");
	struct curl_transport *transport = mem_zalloc(sizeof *transport);
	*transport = (struct curl_transport){
		.transport.ops = &ops,
		.loop = loop,
		.clock = clock,
		.timers = timers,
		.multi = multi,
		.resolver = resolver_create(loop, clock),
	};
	set_options(transport, options);
	kept_init(transport);
	curl_sockets_attach(transport);
	*ret = &transport->transport;
	return 0;
}
