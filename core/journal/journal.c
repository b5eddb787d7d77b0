#include "journal/journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- the folder and its lock --- */

static void sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int make_folder(const char *folder, struct error *reterr)
{
	char *path = mem_strdup(folder);
	int result = 0;
	for (char *slash = path + 1; *path; slash++) {
		char c = *slash;
		if (c != '/' && c != 0)
			continue;
		*slash = 0;
		if (mkdir(path, 0750) && errno != EEXIST && (c == 0 || errno != EROFS))
			result = error_set(reterr, "the data folder '%s' cannot be made: %s", path,
					   strerror(errno));
		*slash = c;
		if (c == 0 || result)
			break;
	}
	free(path);
	return result;
}

static char *path_in(const char *folder, const char *name)
{
	size_t n = strlen(folder) + strlen(name) + 2;
	char *path = mem_alloc(n);
	snprintf(path, n, "%s/%s", folder, name);
	return path;
}

static const char mark_corrupt[] = "corrupt";

static enum ending ending_of(const char *text)
{
	if (!*text)
		return ENDING_CLEAN;
	return strncmp(text, mark_corrupt, strlen(mark_corrupt)) == 0 ? ENDING_CORRUPT : ENDING_UNKNOWN;
}

/* Nothing here can be handled when it fails, and nothing depends on it but a check too many. */
void journal_mark(struct journal *journal, enum ending ending)
{
	char text[32] = "";
	if (ending == ENDING_UNKNOWN)
		snprintf(text, sizeof text, "%d\n", (int)getpid());
	else if (ending == ENDING_CORRUPT)
		snprintf(text, sizeof text, "%s\n", mark_corrupt);
	if (ftruncate(journal->lock_fd, 0) == 0 && pwrite(journal->lock_fd, text, strlen(text), 0) < 0)
		return;
}

static int lock_folder(struct journal *journal, enum ending *ret, struct error *reterr)
{
	char text[32] = "", *path = path_in(journal->folder, "journal.lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	free(path);
	if (fd < 0)
		return error_set(reterr, "the data folder '%s' cannot be written: %s", journal->folder,
				 strerror(errno));
	bool taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n < 0 ? 0 : n] = 0;
	if (!taken) {
		close(fd);
		error_set(reterr, "the data folder '%s' is in use by process %d", journal->folder,
			  atoi(text));
		error_hint(reterr, "stop that process, or use another folder");
		return -1;
	}
	journal->lock_fd = fd;
	*ret = ending_of(text);
	return 0;
}

/* --- opening --- */

static int64_t size_of(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
}

static int set_aside(struct journal *journal, struct error *ret_notice, struct error *reterr)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char when[32], from[4096], to[4096];
	time_t now = (time_t)(clock_wall_ms(journal->options.clock) / 1000);
	struct tm tm;
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	for (size_t i = 0; i < countof(parts); i++) {
		snprintf(from, sizeof from, "%s%s", journal->path, parts[i]);
		snprintf(to, sizeof to, "%s.corrupt-%s%s", journal->path, when, parts[i]);
		if (rename(from, to) && errno != ENOENT)
			return error_set(reterr, "the journal is corrupt and cannot be set aside: %s: %s",
					 from, strerror(errno));
	}
	sync_folder(journal->folder);
	error_set(ret_notice,
		  "the journal was corrupt: it was set aside as %s.corrupt-%s, and a new one begun",
		  journal->path, when);
	error_hint(ret_notice, "events and deliveries in it that were not settled are not handled any more");
	return 0;
}

static int open_store(struct journal *journal, enum ending ending, struct error *ret_notice,
		      struct error *reterr)
{
	struct store_options options = {.path = journal->path,
					.durability = journal->options.durability,
					.faults = journal->options.faults,
					.first_seq = 1};
	options.check = ending == ENDING_CORRUPT ||
			(ending == ENDING_UNKNOWN && size_of(journal->path) <= CHECK_BYTES_MAX);
	int code = store_open(&journal->store, &options, reterr);
	if (!store_is_corrupt(code))
		return code == SQLITE_OK ? 0 : -1;
	if (set_aside(journal, ret_notice, reterr))
		return -1;
	/* Keys of deliveries follow from seq: none of the old ones may come again. The milliseconds since
	 * 1970 are above whatever was given out before. */
	options.first_seq = (uint64_t)clock_wall_ms(journal->options.clock);
	options.check = false;
	return store_open(&journal->store, &options, reterr) == SQLITE_OK ? 0 : -1;
}

static void wake(void *context)
{
	sem_post(&((struct journal *)context)->wake);
}

static struct journal *journal_new(const struct journal_options *options)
{
	struct journal *journal = mem_zalloc(sizeof *journal);
	journal->options = *options;
	if (!journal->options.queue_max)
		journal->options.queue_max = QUEUE_EVENTS_MAX;
	journal->folder = mem_strdup(options->folder);
	journal->path = path_in(options->folder, "journal.db");
	journal->lock_fd = -1;
	journal->last = &journal->first;
	journal->retention = (struct retention){
		.retain_ms = options->retain_ms ? options->retain_ms : RETAIN_MS,
		.retain_bytes = options->retain_bytes ? options->retain_bytes : RETAIN_BYTES,
		.generations.keep =
			options->retain_generations ? options->retain_generations : RETAIN_GENERATIONS,
		.clock = options->clock,
	};
	mailbox_init(&journal->inbox, wake, journal);
	sem_init(&journal->wake, 0, 0);
	return journal;
}

static void journal_free(struct journal *journal)
{
	if (journal->lock_fd >= 0)
		close(journal->lock_fd);
	sem_destroy(&journal->wake);
	generations_forget(&journal->retention.generations);
	mailbox_finish(&journal->inbox);
	free(journal->folder);
	free(journal->path);
	free(journal);
}

static int start(struct journal *journal, struct error *ret_notice, struct error *reterr)
{
	enum ending ending;
	if (make_folder(journal->folder, reterr) || lock_folder(journal, &ending, reterr))
		return -1;
	journal_mark(journal, ENDING_UNKNOWN);
	if (open_store(journal, ending, ret_notice, reterr)) {
		/* What was found wrong is looked for again next time. */
		journal_mark(journal, ending);
		return -1;
	}
	sync_folder(journal->folder);
	journal->committed_seq = journal->store.last_seq;
	int failed = pthread_create(&journal->thread, NULL, writer_main, journal);
	if (!failed)
		return 0;
	store_close(&journal->store, true);
	return error_set(reterr, "the journal's thread cannot be started: %s", strerror(failed));
}

int journal_open(const struct journal_options *options, struct journal **ret, struct error *ret_notice,
		 struct error *reterr)
{
	ensure(options->durability == DURABILITY_FULL || options->durability == DURABILITY_RELAXED);
	struct journal *journal = journal_new(options);
	struct error notice = {0};
	if (start(journal, &notice, reterr)) {
		journal_free(journal);
		return -1;
	}
	if (ret_notice)
		*ret_notice = notice;
	*ret = journal;
	return 0;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	__atomic_store_n(&journal->stopping, true, __ATOMIC_RELEASE);
	sem_post(&journal->wake);
	pthread_join(journal->thread, NULL);
	store_close(&journal->store, !journal->failing);
	if (!journal->failing)
		journal_mark(journal, ENDING_CLEAN);
	journal_free(journal);
}

const char *journal_sqlite_version(void)
{
	return sqlite3_libversion();
}

void journal_commits(const struct journal *journal, struct histogram *ret, uint64_t *ret_rows)
{
	histogram_sum(ret, &journal->commit_took);
	*ret_rows += __atomic_load_n(&journal->rows_written, __ATOMIC_RELAXED);
}

bool journal_failing(const struct journal *journal)
{
	return __atomic_load_n(&journal->failing, __ATOMIC_ACQUIRE);
}

/* --- the door --- */

static bool is_full(struct journal *journal, const struct journal_events *events)
{
	size_t before = __atomic_fetch_add(&journal->waiting_events, events->n, __ATOMIC_RELAXED);
	if (before == 0 || before + events->n <= journal->options.queue_max)
		return false;
	__atomic_sub_fetch(&journal->waiting_events, events->n, __ATOMIC_RELAXED);
	return true;
}

void journal_post(struct journal *journal, struct journal_entry *entry)
{
	if (entry->kind == ENTRY_EVENTS) {
		struct journal_events *events = container_of(entry, struct journal_events, entry);
		events->refused = is_full(journal, events);
		if (events->refused) {
			for (size_t i = 0; i < events->n; i++)
				events->events[i]->seq = 0;
			error_set(&events->error, "too many events wait for the journal (more than %zu)",
				  journal->options.queue_max);
			error_hint(&events->error, "send them again in a few seconds");
		}
		/* Without a mailbox it is the writer who answers. */
		if (events->refused && entry->reply_to) {
			journal_answer(entry);
			return;
		}
	}
	mailbox_post(&journal->inbox, &entry->message);
}
