/* The reloader's thread: reads, loads, checks and stores a generation, and frees those that served before. */
#include "engine/reload_private.h"

#include "script/script.h"

#include <sys/stat.h>
#include <time.h>

/* --- from a folder or the journal to a ruleset --- */

static int check_folder(const char *folder, struct error *reterr)
{
	struct stat about;
	if (stat(folder, &about) == 0 && S_ISDIR(about.st_mode))
		return 0;
	error_set(reterr, "there is no folder '%s' with rules", folder);
	error_hint(reterr, "name it with --rules DIR");
	return -1;
}

/* Nobody else sees the ruleset yet, nor the units that are new in it. */
void reload_set_number(struct ruleset *ruleset, uint32_t number)
{
	ruleset->generation = number;
	for (size_t i = 0; i < ruleset->n_files; i++)
		if (!ruleset->units[i]->generation)
			ruleset->units[i]->generation = number;
}

/* The same rules have the same number, in the journal for ever and without one since the start. */
int reload_number(struct reloader *reloader, struct ruleset *ruleset, struct error *reterr)
{
	struct arena arena;
	size_t n;
	uint32_t number = reloader->last_number + 1;
	arena_init(&arena, RULES_BYTES_MAX);
	const struct source_file *files = script_sources(ruleset, &arena, &n);
	int result = files ? 0 : error_set(reterr, "the rules are too large together");
	if (result == 0 && reloader->options.journal) {
		result = engine_generation(reloader->options.journal, files, n, reloader->serving,
					   &reloader->ending, &number, reterr);
	} else if (result == 0) {
		struct source_hash hash = sources_hash(files, n);
		if (strcmp(hash.z, reloader->serving_hash.z) == 0)
			number = reloader->last_number;
		reloader->serving_hash = hash;
		reloader->last_number = number;
	}
	arena_finish(&arena);
	if (result == 0)
		reload_set_number(ruleset, number);
	return result;
}

static void free_folders(char **folders, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(folders[i]);
	free(folders);
}

static void keep_folders(const struct rules_folder *read, char ***ret, size_t *ret_n)
{
	free_folders(*ret, *ret_n);
	*ret = mem_zalloc((read->n_folders + 1) * sizeof **ret);
	*ret_n = read->n_folders;
	for (size_t i = 0; i < read->n_folders; i++)
		(*ret)[i] = mem_strdup(read->folders[i]);
}

int reload_read(struct reloader *reloader, struct reload_job *job, struct error *reterr)
{
	struct arena arena;
	struct rules_folder read;
	arena_init(&arena, RULES_BYTES_MAX);
	int result = check_folder(reloader->options.folder, reterr);
	if (result == 0)
		result = script_read_rules(reloader->options.folder, &arena, &read, reterr);
	if (result == 0) {
		struct source_hash hash = sources_hash(read.files, read.n_files);
		keep_folders(&read, &job->folders, &job->n_folders);
		job->silent = job->cause == RELOAD_WATCH && strcmp(hash.z, reloader->folder.z) == 0;
		reloader->folder = hash;
		if (!job->silent)
			job->ruleset = script_reload(reloader->serving, read.files, read.n_files, true, 0,
						     reloader->options.limits);
	}
	arena_finish(&arena);
	if (job->ruleset && !ruleset_loaded_campaigns(job->ruleset) && job->cause != RELOAD_START)
		result = error_set(reterr, "no campaign in '%s' can serve", reloader->options.folder);
	return result;
}

int reload_open_reader(struct reloader *reloader, struct error *reterr)
{
	if (!reloader->options.journal)
		return error_set(reterr,
				 "this engine keeps no journal (--durability none), and so no history");
	return reloader->reader ? 0
				: journal_reader_open(reloader->options.journal, &reloader->reader, reterr);
}

static int load_stored(struct reloader *reloader, struct reload_job *job, struct error *reterr)
{
	if (reload_open_reader(reloader, reterr) ||
	    generation_load(reloader->reader, job->wanted, reloader->serving, &job->ruleset, reterr))
		return -1;
	if (!job->ruleset) {
		error_set(reterr, "the journal has no generation %u", job->wanted);
		error_hint(reterr, "`switchhook rules history` lists them");
		return -1;
	}
	if (!ruleset_loaded_campaigns(job->ruleset))
		return error_set(reterr, "no campaign of generation %u can serve", job->wanted);
	/* Written once more: now it does not go before it serves, or comes back if it just went. */
	return reload_number(reloader, job->ruleset, reterr);
}

/* --- history --- */

struct activation_writing {
	struct journal_activation row;
	struct buf summary;
	struct source_hash folder;
};

static void activation_written(struct message *message)
{
	struct activation_writing *writing =
		container_of(message, struct activation_writing, row.entry.message);
	buf_finish(&writing->summary);
	free(writing);
}

void reload_record(struct reloader *reloader, const struct reload_job *job)
{
	struct activation_writing *writing;
	if (!reloader->options.journal)
		return;
	writing = mem_zalloc(sizeof *writing);
	buf_init(&writing->summary, 64 * 1024);
	reload_summary(job, &writing->summary);
	writing->folder = reloader->folder;
	writing->row = (struct journal_activation){
		.entry = {.message.deliver = activation_written, .kind = ENTRY_ACTIVATION},
		.generation = job->ruleset->generation,
		.at_ms = clock_wall_ms(reloader->options.clock),
		.cause = str_of(reload_cause_name(job->cause)),
		.folder = str_of(writing->folder.z),
		.summary = buf_view(&writing->summary),
	};
	journal_post(reloader->options.journal, &writing->row.entry);
}

/* --- one reload --- */

static void let_serve(struct reloader *reloader, struct reload_job *job)
{
	struct ruleset *before = reloader->serving;
	job->report.generation = job->ruleset->generation;
	job->report.ruleset = job->ruleset;
	job->serve = job->ruleset->generation != before->generation;
	if (!job->serve)
		return;
	reload_compare(job, before, job->ruleset);
	reload_record(reloader, job);
	reloader->serving = ruleset_ref(job->ruleset);
	ruleset_unref(before);
}

static int work(struct reloader *reloader, struct reload_job *job)
{
	struct error *error = &job->report.error;
	if (reloader->options.journal && journal_failing(reloader->options.journal))
		return error_set(error, "the journal cannot write");
	if (job->cause == RELOAD_ROLLBACK)
		return load_stored(reloader, job, error);
	if (reload_read(reloader, job, error))
		return -1;
	if (job->silent)
		return 0;
	if (reloader->options.check &&
	    reloader->options.check(reloader->options.check_context, job->ruleset, error))
		return -1;
	return reload_number(reloader, job->ruleset, error);
}

static void refuse(struct reload_job *job, uint32_t generation)
{
	struct error *error = &job->report.error;
	size_t n = strlen(error->what);
	job->report.refused = true;
	snprintf(error->what + n, sizeof error->what - n, "; generation %u keeps running", generation);
}

static void deliver_work(struct message *message)
{
	struct reload_job *job = container_of(message, struct reload_job, message);
	struct reloader *reloader = job->reloader;
	int64_t began_us = clock_mono_us(reloader->options.clock);
	job->report.cause = job->cause;
	job->report.before = job->report.generation = reloader->serving->generation;
	if (__atomic_load_n(&reloader->ending, __ATOMIC_ACQUIRE))
		error_set(&job->report.error, "the engine is stopping");
	else if (work(reloader, job) == 0 && !job->silent)
		let_serve(reloader, job);
	if (job->report.error.what[0])
		refuse(job, reloader->serving->generation);
	/* Nobody asked, and the next start reads the folder. */
	if (job->cause == RELOAD_WATCH && __atomic_load_n(&reloader->ending, __ATOMIC_ACQUIRE))
		job->silent = job->silent || job->report.refused;
	job->report.took_ms = (clock_mono_us(reloader->options.clock) - began_us) / 1000;
	job->message.deliver = deliver_reloaded;
	mailbox_post(reloader->reply_to, &job->message);
}

/* --- the end of what served before --- */

/* Its last reference shall be ours, so that what goes with it goes here and not on a loop. */
static void free_retired(struct reloader *reloader, bool all)
{
	size_t n = 0;
	for (size_t i = 0; i < reloader->n_retired; i++) {
		struct ruleset *ruleset = reloader->retired[i];
		if (all || __atomic_load_n(&ruleset->refs, __ATOMIC_ACQUIRE) == 1)
			ruleset_unref(ruleset);
		else
			reloader->retired[n++] = ruleset;
	}
	reloader->n_retired = n;
}

static void retire(struct reloader *reloader, struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	if (reloader->n_retired == RETIRED_MAX)
		free_retired(reloader, true);
	reloader->retired[reloader->n_retired++] = ruleset;
}

static void deliver_end(struct message *message)
{
	struct reload_job *job = container_of(message, struct reload_job, message);
	struct reloader *reloader = job->reloader;
	for (size_t i = 0; i < job->n_retired; i++)
		unit_unref(job->retired[i]);
	free_folders(job->folders, job->n_folders);
	free(job->retired);
	free(job->changes);
	retire(reloader, job->before);
	retire(reloader, job->ruleset);
	free_retired(reloader, false);
	free(job);
}

void reload_post(struct reload_job *job)
{
	job->message.deliver = job->answered ? deliver_end : deliver_work;
	mailbox_post(&job->reloader->mailbox, &job->message);
}

/* --- the thread --- */

static void wake(void *context)
{
	sem_post(context);
}

static void wait_for_work(struct reloader *reloader)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	if (!reloader->n_retired)
		while (sem_wait(&reloader->posted))
			; /* a signal */
	else if (sem_timedwait(&reloader->posted, &until))
		free_retired(reloader, false);
}

static void *run_thread(void *context)
{
	struct reloader *reloader = context;
	pthread_setname_np(pthread_self(), "reload");
	while (!__atomic_load_n(&reloader->ending, __ATOMIC_ACQUIRE)) {
		wait_for_work(reloader);
		mailbox_drain(&reloader->mailbox);
	}
	mailbox_drain(&reloader->mailbox);
	journal_reader_close(reloader->reader);
	reloader->reader = NULL;
	return NULL;
}

void reload_thread_start(struct reloader *reloader)
{
	sem_init(&reloader->posted, 0, 0);
	mailbox_init(&reloader->mailbox, wake, &reloader->posted);
	ensure(pthread_create(&reloader->thread, NULL, run_thread, reloader) == 0);
}

void reload_thread_end(struct reloader *reloader)
{
	__atomic_store_n(&reloader->ending, true, __ATOMIC_RELEASE);
	sem_post(&reloader->posted);
	pthread_join(reloader->thread, NULL);
}

/* What comes back from the main thread after the end is still to be freed. */
void reload_finish(struct reloader *reloader)
{
	if (reloader->started) {
		mailbox_drain(&reloader->mailbox);
		mailbox_finish(&reloader->mailbox);
		sem_destroy(&reloader->posted);
	}
	free_retired(reloader, true);
	ruleset_unref(reloader->serving);
	free_folders(reloader->first_folders, reloader->n_first_folders);
}
