/* What the answers say about a service: its breaker, its limits, and when somebody is told. */
#include "engine/outlet.h"

#include "policy/retry.h"

#include <stdio.h>

enum { FAILING_DEFAULT_MS = 24 * 3600 * 1000 };

/* --- what is told --- */

static void say_opened(const struct outlet *outlet, const struct answer *answer)
{
	char status[16], seconds[16];
	snprintf(status, sizeof status, "%d", answer->status);
	snprintf(seconds, sizeof seconds, "%llds", (long long)(outlet->breaker.open_us / 1000000));
	log_entry(&outlet->shard->engine->log, LOG_LEVEL_WARN,
		  "a service fails: its deliveries wait, and one is tried now and then", "service",
		  outlet->name, "failure", failure_name(answer->failure), "status",
		  answer->status ? status : NULL, "detail", answer->detail[0] ? answer->detail : NULL,
		  "next_try_in", seconds, NULL);
}

static void say_closed(const struct outlet *outlet)
{
	log_info(&outlet->shard->engine->log, "a service answers again: its deliveries go on", "service",
		 outlet->name);
}

static void say_left_alone(const struct outlet *outlet, int64_t wait_ms, int status)
{
	char text[16], seconds[32];
	snprintf(text, sizeof text, "%d", status);
	snprintf(seconds, sizeof seconds, "%llds", (long long)(wait_ms + 999) / 1000);
	log_info(&outlet->shard->engine->log, "a service asks to be left alone for a while", "service",
		 outlet->name, "status", text, "for", seconds);
}

static void say_failing(const struct outlet *outlet, int percent, int64_t period_ms)
{
	char for_how_long[32], of[16], period[32];
	int64_t now_us = clock_mono_us(outlet->shard->clock);
	snprintf(for_how_long, sizeof for_how_long, "%llds",
		 (long long)(now_us - outlet->failing.since_us) / 1000000);
	snprintf(of, sizeof of, "%d%%", percent);
	snprintf(period, sizeof period, "%llds", (long long)period_ms / 1000);
	log_entry(&outlet->shard->engine->log, percent == 100 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN,
		  percent == 100 && outlet->limits.failing_disables
			  ? "a service has failed for too long and is paused; resume it when it works again"
			  : "a service has not succeeded for a while",
		  "service", outlet->name, "failing_for", for_how_long, "part", of, "of", period, NULL);
}

/* --- what follows --- */

static void note_failing(struct outlet *outlet, bool success, int64_t now_us)
{
	int64_t period_ms = outlet->limits.failing_ms ? outlet->limits.failing_ms : FAILING_DEFAULT_MS;
	int percent = failing_note(&outlet->failing, success, period_ms * 1000, now_us);
	if (!percent)
		return;
	say_failing(outlet, percent, period_ms);
	if (percent == 100 && outlet->limits.failing_disables)
		outlet_pause(outlet, true);
}

static void note_pause(struct outlet *outlet, const struct answer *answer, int64_t now_us)
{
	int64_t wait_ms = retry_pause_ms(answer, clock_wall_ms(outlet->shard->clock));
	if (wait_ms <= 0 || now_us + wait_ms * 1000 <= outlet->resume_us)
		return;
	if (outlet->resume_us <= now_us)
		say_left_alone(outlet, wait_ms, answer->status);
	outlet->resume_us = now_us + wait_ms * 1000;
}

static void note_breaker(struct outlet *outlet, struct delivery *delivery, const struct answer *answer,
			 int64_t now_us)
{
	bool was_closed = outlet->breaker.state == BREAKER_CLOSED;
	breaker_note(&outlet->breaker, breaker_sign_of(answer), &delivery->fault_seen, now_us);
	bool is_closed = outlet->breaker.state == BREAKER_CLOSED;
	tally_set(delivery->tally, TALLY_BREAKER, !is_closed);
	if (was_closed && !is_closed)
		say_opened(outlet, answer);
	else if (!was_closed && is_closed)
		say_closed(outlet);
}

/* Answers come in handfuls, and each leaves the wire emptier than it was: what waits for room says that all
 * of it was used. */
static int in_use(const struct outlet *outlet)
{
	return outlet->n_ready ? concurrency_limit(&outlet->concurrency) : (int)outlet->n_on_wire + 1;
}

void outlet_note(struct outlet *outlet, struct delivery *delivery, const struct answer *answer)
{
	int64_t now_us = clock_mono_us(outlet->shard->clock);
	bool success = answer->failure == FAILURE_NONE;
	recent_note(&outlet->recent, success, answer->took_us, now_us);
	if (success) {
		outlet->n_delivered++;
		concurrency_answered(&outlet->concurrency, answer->took_us, in_use(outlet), now_us);
	} else {
		outlet->n_failed++;
	}
	if (answer->status == 429 || answer->status == 503 || answer->failure == FAILURE_TIMEOUT)
		concurrency_overloaded(&outlet->concurrency, now_us);
	note_pause(outlet, answer, now_us);
	note_breaker(outlet, delivery, answer, now_us);
	note_failing(outlet, success, now_us);
}
