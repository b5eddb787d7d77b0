/* The rules with which the engine starts: those of the folder, unless the journal knows better. */
#include "engine/reload_private.h"

#include <stdio.h>

struct latest {
	uint32_t generation; /* 0: none */
	bool rolled_back;
	struct source_hash folder;
};

static bool take_latest(void *context, const struct journal_activation *row)
{
	struct latest *latest = context;
	latest->generation = row->generation;
	latest->rolled_back = str_eq(row->cause, str_of(reload_cause_name(RELOAD_ROLLBACK)));
	snprintf(latest->folder.z, sizeof latest->folder.z, STR_FMT, STR_ARG(row->folder));
	return false;
}

static int read_latest(struct reloader *reloader, struct latest *latest, struct error *reterr)
{
	if (!reloader->options.journal)
		return 0;
	if (reload_open_reader(reloader, reterr))
		return -1;
	return journal_read_activations(reloader->reader, 1, take_latest, latest, reterr);
}

/* What served last costs as much to load as the folder, and is needed only when the folder does not serve, or
 * something in it is broken. */
static int consider_latest(struct reloader *reloader, struct reload_job *job, const struct latest *latest,
			   struct error *reterr)
{
	bool rolled_back = latest->rolled_back && strcmp(latest->folder.z, reloader->folder.z) == 0;
	struct ruleset *folder = job->ruleset;
	if (!latest->generation || (!folder->n_errors && !rolled_back))
		return 0;
	if (generation_load(reloader->reader, latest->generation, folder, &reloader->serving, reterr))
		return -1;
	if (!reloader->serving)
		return 0;
	reload_set_number(reloader->serving, latest->generation);
	job->ruleset = NULL;
	ruleset_unref(folder);
	if (!rolled_back)
		return reload_read(reloader, job, reterr);
	job->cause = RELOAD_ROLLBACK;
	job->ruleset = ruleset_ref(reloader->serving);
	return 0;
}

static void serve_first(struct reloader *reloader, struct reload_job *job, const struct latest *latest)
{
	struct ruleset *before = reloader->serving;
	reload_compare(job, before, job->ruleset);
	if (job->ruleset->generation != latest->generation)
		reload_record(reloader, job);
	reloader->serving = job->ruleset;
	reloader->figures.cause = job->cause;
	ruleset_unref(before);
	reloader->first_folders = job->folders;
	reloader->n_first_folders = job->n_folders;
}

int reload_first(struct reloader *reloader, struct error *reterr)
{
	struct reload_job job = {.reloader = reloader, .cause = RELOAD_START};
	struct latest latest = {0};
	int result = reload_read(reloader, &job, reterr);
	if (result == 0)
		result = read_latest(reloader, &latest, reterr);
	if (result == 0)
		result = consider_latest(reloader, &job, &latest, reterr);
	if (result == 0 && job.cause == RELOAD_START)
		result = reload_number(reloader, job.ruleset, reterr);
	if (result == 0)
		serve_first(reloader, &job, &latest);
	else
		ruleset_unref(job.ruleset);
	for (size_t i = 0; i < job.n_retired; i++)
		unit_unref(job.retired[i]);
	free(job.retired);
	free(job.changes);
	/* The thread opens its own when it needs one. */
	journal_reader_close(reloader->reader);
	reloader->reader = NULL;
	return result;
}
