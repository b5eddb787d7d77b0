#include "app/loop.h"

#include <signal.h>
#include <sys/resource.h>

static void on_wake(uv_async_t *wake)
{
	struct app_loop *loop = container_of(wake, struct app_loop, wake);
	mailbox_drain(&loop->mailbox);
}

static void wake_loop(void *context)
{
	uv_async_send(context);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct app_loop *loop = signal->data;
	app_loop_release_signals(loop);
	loop->stop(loop->context);
}

static void before_sleep(uv_prepare_t *prepare)
{
	struct app_loop *loop = container_of(prepare, struct app_loop, prepare);
	if (loop->before_sleep)
		loop->before_sleep(loop->context);
}

void app_loop_init(struct app_loop *loop, void (*stop)(void *context), void *context)
{
	static const int numbers[] = {SIGTERM, SIGINT};
	*loop = (struct app_loop){.stop = stop, .context = context};
	ensure(uv_loop_init(&loop->uv) == 0);
	ensure(uv_async_init(&loop->uv, &loop->wake, on_wake) == 0);
	mailbox_init(&loop->mailbox, wake_loop, &loop->wake);
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_prepare_start(&loop->prepare, before_sleep);
	uv_unref((uv_handle_t *)&loop->prepare);
	for (size_t i = 0; i < countof(numbers); i++) {
		ensure(uv_signal_init(&loop->uv, &loop->signals[i]) == 0);
		loop->signals[i].data = loop;
		ensure(uv_signal_start(&loop->signals[i], on_signal, numbers[i]) == 0);
	}
}

void app_loop_release_signals(struct app_loop *loop)
{
	for (size_t i = 0; i < countof(loop->signals); i++)
		uv_signal_stop(&loop->signals[i]);
}

void app_loop_finish(struct app_loop *loop)
{
	for (size_t i = 0; i < countof(loop->signals); i++)
		uv_close((uv_handle_t *)&loop->signals[i], NULL);
	uv_close((uv_handle_t *)&loop->wake, NULL);
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	mailbox_drain(&loop->mailbox);
	mailbox_finish(&loop->mailbox);
	ensure(uv_loop_close(&loop->uv) == 0);
}

void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}
