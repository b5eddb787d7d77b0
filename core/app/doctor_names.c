/* Names of hosts. All are asked at once, and what has no answer in time is reported so. */
#include "app/doctor.h"

#include "model/rule.h"
#include "transport/target.h"

#include <stdio.h>
#include <uv.h>

enum { NAMES_MAX = 50, PATIENCE_MS = 5000 };

struct name {
	char host[TARGET_HOST_MAX + 1];
	uv_getaddrinfo_t request;
	bool answered;
	int status;
};

struct names {
	struct name list[NAMES_MAX];
	size_t n, n_open;
	uv_loop_t loop;
	uv_timer_t timer;
};

/* Only of addresses whose host is no tag. */
static void add_name(struct names *names, const struct service *service)
{
	struct target target;
	if (service->url_dynamic || !service->url.n || names->n == NAMES_MAX)
		return;
	struct str start = service->url.parts[0].literal;
	if (target_parse(start, &target) || target.kind != TARGET_NAME ||
	    (service->url.parts[0].tag.p && target.host.p + target.host.n == start.p + start.n))
		return;
	for (size_t i = 0; i < names->n; i++)
		if (str_eq_nocase(target.host, str_of(names->list[i].host)))
			return;
	snprintf(names->list[names->n++].host, TARGET_HOST_MAX + 1, STR_FMT, STR_ARG(target.host));
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct name *name = container_of(request, struct name, request);
	struct names *names = request->data;
	name->answered = true;
	name->status = status;
	uv_freeaddrinfo(addresses);
	if (--names->n_open == 0)
		uv_stop(&names->loop);
}

static void on_time(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void ask_all(struct names *names)
{
	uv_timer_init(&names->loop, &names->timer);
	uv_timer_start(&names->timer, on_time, PATIENCE_MS, 0);
	for (size_t i = 0; i < names->n; i++) {
		names->list[i].request.data = names;
		int code = uv_getaddrinfo(&names->loop, &names->list[i].request, on_answer,
					  names->list[i].host, NULL, NULL);
		names->list[i].answered = code != 0;
		names->list[i].status = code;
		names->n_open += code == 0;
	}
	if (names->n_open)
		uv_run(&names->loop, UV_RUN_DEFAULT);
}

static void report(struct doctor *doctor, const struct names *names)
{
	size_t good = 0;
	for (size_t i = 0; i < names->n; i++) {
		const struct name *name = &names->list[i];
		if (!name->answered)
			doctor_report(doctor, FINDING_BAD, "names",
				      "look at /etc/resolv.conf and its name servers",
				      "no answer about '%s' within %d s", name->host, PATIENCE_MS / 1000);
		else if (name->status)
			doctor_report(doctor, FINDING_BAD, "names", "is it written right in its service?",
				      "'%s': %s", name->host, uv_strerror(name->status));
		else
			good++;
	}
	if (good)
		doctor_report(doctor, FINDING_GOOD, "names", NULL, "%zu %s of services found", good,
			      good == 1 ? "host" : "hosts");
}

void doctor_names(struct doctor *doctor, const struct ruleset *ruleset)
{
	struct names *names = mem_zalloc(sizeof *names);
	ensure(uv_loop_init(&names->loop) == 0);
	for (size_t i = 0; i < ruleset->n_services; i++)
		add_name(names, ruleset->services[i]);
	ask_all(names);
	report(doctor, names);
	bool all_answered = true;
	for (size_t i = 0; i < names->n; i++)
		all_answered &= names->list[i].answered;
	/* A lookup that still runs writes here when it ends; the process ends soon. */
	if (!all_answered)
		return;
	uv_close((uv_handle_t *)&names->timer, NULL);
	uv_run(&names->loop, UV_RUN_DEFAULT);
	ensure(uv_loop_close(&names->loop) == 0);
	free(names);
}
