#include "app/notify.h"

#include <systemd/sd-daemon.h>

static void on_time(uv_timer_t *timer)
{
	sd_notify(0, "WATCHDOG=1");
}

void notify_ready(struct notify *notify, uv_loop_t *loop, const char *status)
{
	uint64_t within_us;
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
	if (sd_watchdog_enabled(0, &within_us) <= 0)
		return;
	uint64_t every_ms = within_us / 3000; /* two may be late */
	uv_timer_init(loop, &notify->timer);
	uv_timer_start(&notify->timer, on_time, 0, every_ms ? every_ms : 1);
	notify->open = true;
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=finishing what is under way");
}

void notify_close(struct notify *notify)
{
	if (notify->open)
		uv_close((uv_handle_t *)&notify->timer, NULL);
	notify->open = false;
}
