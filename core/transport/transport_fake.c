#include "transport/transport_fake.h"

#include <stdio.h>

struct fake {
	struct transport transport;
	struct clock *clock;
	struct timers *timers;
	fake_script script;
	void *context;
	size_t under_way;
};

struct fake_work {
	struct timer timer;
	struct fake *fake;
	struct exchange *exchange;
	struct fake_answer answer;
};

static void work_free(struct fake_work *work)
{
	timers_cancel(work->fake->timers, &work->timer);
	work->exchange->work = NULL;
	work->fake->under_way--;
	free(work);
}

static void answered(struct timer *timer)
{
	struct fake_work *work = container_of(timer, struct fake_work, timer);
	struct exchange *exchange = work->exchange;
	struct answer answer = work->answer.answer;
	work_free(work);
	exchange->done(exchange, &answer);
}

static void fake_send(struct transport *transport, struct exchange *exchange)
{
	struct fake *fake = container_of(transport, struct fake, transport);
	struct fake_work *work = mem_zalloc(sizeof *work);
	*work = (struct fake_work){
		.timer.fire = answered,
		.fake = fake,
		.exchange = exchange,
		.answer.answer = {.status = 200},
	};
	fake->script(fake->context, exchange, &work->answer);
	struct answer *answer = &work->answer.answer;
	if (exchange->timeout_ms && work->answer.delay_ms > exchange->timeout_ms) {
		*answer = (struct answer){.failure = FAILURE_TIMEOUT};
		snprintf(answer->detail, sizeof answer->detail, "no answer within %lld ms",
			 (long long)exchange->timeout_ms);
		work->answer.delay_ms = exchange->timeout_ms;
	} else if (answer->status && (answer->status < 200 || answer->status > 299)) {
		answer->failure = FAILURE_STATUS;
	}
	answer->took_us = work->answer.delay_ms * 1000;
	exchange->work = work;
	fake->under_way++;
	timers_set(fake->timers, &work->timer, clock_mono_us(fake->clock) + work->answer.delay_ms * 1000);
}

static void fake_cancel(struct transport *transport, struct exchange *exchange)
{
	work_free(exchange->work);
}

static void fake_destroy(struct transport *transport)
{
	struct fake *fake = container_of(transport, struct fake, transport);
	ensure(fake->under_way == 0);
	free(fake);
}

struct transport *transport_fake_create(struct clock *clock, struct timers *timers, fake_script script,
					void *context)
{
	static const struct transport_ops ops = {fake_send, fake_cancel, fake_destroy};
	struct fake *fake = mem_zalloc(sizeof *fake);
	*fake = (struct fake){.transport.ops = &ops,
			      .clock = clock,
			      .timers = timers,
			      .script = script,
			      .context = context};
	return &fake->transport;
}
