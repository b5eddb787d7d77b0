#include "engine/reload_private.h"

#include <stdio.h>

const char *reload_cause_name(enum reload_cause cause)
{
	static const char *const names[] = {"start", "reload", "signal", "watch", "rollback"};
	return names[cause];
}

int reloader_create(const struct reload_options *options, struct reloader **ret, struct error *reterr)
{
	struct reloader *reloader = mem_zalloc(sizeof *reloader);
	reloader->options = *options;
	if (reload_first(reloader, reterr)) {
		reloader_destroy(reloader);
		return -1;
	}
	reloader->figures.changed_ms = clock_wall_ms(options->clock);
	*ret = reloader;
	return 0;
}

const struct ruleset *reloader_first(const struct reloader *reloader)
{
	return reloader->serving;
}

/* --- asking --- */

int reloader_ask(struct reloader *reloader, enum reload_cause cause, uint32_t generation,
		 void (*done)(void *context, const struct reload_report *report), void *context,
		 struct error *reterr)
{
	if (reloader->closed)
		return error_set(reterr, "the engine is stopping");
	if (reloader->n_jobs >= RELOADS_MAX)
		return error_set(reterr, "%d reloads wait already", RELOADS_MAX);
	struct reload_job *job = mem_zalloc(sizeof *job);
	*job = (struct reload_job){
		.reloader = reloader, .cause = cause, .wanted = generation, .done = done, .context = context};
	reloader->n_jobs++;
	reload_post(job);
	return 0;
}

static void serve(struct reloader *reloader, struct reload_job *job)
{
	job->before = engine_serve(reloader->engine, job->ruleset, job->retired, job->n_retired);
	reloader->figures.reloads++;
	reloader->figures.changed_ms = clock_wall_ms(reloader->options.clock);
	reloader->figures.cause = job->cause;
}

/* On the main thread, with what the thread made of it. The end is the thread's again: what was replaced is
 * freed there. */
void deliver_reloaded(struct message *message)
{
	struct reload_job *job = container_of(message, struct reload_job, message);
	struct reloader *reloader = job->reloader;
	if (job->serve && reloader->engine)
		serve(reloader, job);
	reloader->figures.refused += job->report.refused;
	if (reloader->watch && job->n_folders)
		reload_watch_folders(reloader->watch, job->folders, job->n_folders);
	if (!job->silent)
		reload_log(reloader, &job->report);
	if (job->done)
		job->done(job->context, &job->report);
	reloader->n_jobs--;
	job->answered = true;
	reload_post(job);
}

/* --- watching --- */

static void watch_done(void *context, const struct reload_report *report)
{
	struct reloader *reloader = context;
	reloader->watch_asked = false;
}

/* One that waits will see this change, too. */
static void folder_changed(void *context)
{
	struct reloader *reloader = context;
	struct error error;
	if (reloader->watch_asked)
		return;
	reloader->watch_asked = reloader_ask(reloader, RELOAD_WATCH, 0, watch_done, reloader, &error) == 0;
}

static void log_first(const struct reloader *reloader)
{
	char generation[32];
	snprintf(generation, sizeof generation, "%u", reloader->serving->generation);
	reload_log_kept(reloader->options.log, reloader->serving);
	if (reloader->figures.cause == RELOAD_ROLLBACK)
		log_warn(reloader->options.log, "rolled back rules serve, not those of the folder",
			 "generation", generation);
}

void reloader_start(struct reloader *reloader, struct engine *engine, uv_loop_t *loop,
		    struct mailbox *mailbox, bool watch)
{
	reloader->engine = engine;
	reloader->reply_to = mailbox;
	log_first(reloader);
	reload_thread_start(reloader);
	reloader->started = true;
	if (!watch)
		return;
	reloader->figures.watching = true;
	reloader->watch = reload_watch_create(loop, reloader->options.folder, reloader->options.log,
					      folder_changed, reloader);
	reload_watch_folders(reloader->watch, reloader->first_folders, reloader->n_first_folders);
	/* It may have changed between the first reading and now. */
	folder_changed(reloader);
}

void reloader_figures(const struct reloader *reloader, struct reload_figures *ret)
{
	*ret = reloader->figures;
}

/* --- the end --- */

void reloader_close(struct reloader *reloader)
{
	if (!reloader || reloader->closed)
		return;
	reloader->closed = true;
	reload_watch_close(reloader->watch);
	reloader->watch = NULL;
	if (reloader->started)
		reload_thread_end(reloader);
	reloader->engine = NULL;
}

void reloader_destroy(struct reloader *reloader)
{
	if (!reloader)
		return;
	reload_finish(reloader);
	free(reloader);
}
