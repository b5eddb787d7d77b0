/* core/journal/journal.h
 *
 * What has happened, on disk: events, runs, steps, deliveries with their attempts, generations. Only this
 * folder knows sqlite3.h.
 *
 * One thread owns the one connection that writes and checkpoints. Any thread hands it entries; what has
 * gathered while the last commit ran becomes the next transaction, and each entry is answered after that
 * commit. Entries of one thread are written in the order in which they were posted.
 *
 * What is written, and when, so that nothing is lost and little is written:
 *
 * - an event: before it is acknowledged; done when all its runs are over and each of its deliveries has a row
 * - a run: when it ends (and when it first waits), for rules with Lua or `once`, and for any that failed or
 *   logged
 * - a step: a wait when it begins, with its deadline; an answer, an awaited event, the end of a sleep before
 *   the run goes on
 * - a delivery: after its first attempt, and after each further one
 *
 * An event that is not done is dispatched again after a crash. Ids of runs and deliveries follow from the
 * event, so that what has a row is recognised and what has none is made again, under the same key.
 */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/histogram.h"
#include "base/mailbox.h"
#include "model/event.h"
#include "model/request.h"

struct journal;

enum durability {
	DURABILITY_FULL,    /* a commit is on disk before it is answered: survives a power cut */
	DURABILITY_RELAXED, /* a commit is with the system: survives a crash of the program, a power cut can
			       take the last ones */
	DURABILITY_NONE,    /* nothing is written at all; see engine */
};

/* For tests: what goes wrong, and where. Called on the writer's thread (or, while it opens, on the caller's)
 * at each named point; may end the process. */
enum journal_fault { JOURNAL_FAULT_NONE, JOURNAL_FAULT_FULL, JOURNAL_FAULT_IO, JOURNAL_FAULT_CORRUPT };

struct journal_faults {
	enum journal_fault (*at)(void *context, const char *point);
	void *context;
};

struct journal_options {
	const char *folder;         /* made if missing; holds journal.db and a lock */
	enum durability durability; /* FULL or RELAXED here */
	struct clock *clock;        /* its wall clock: ages. Waits are on the machine's clock */
	int64_t retain_ms;          /* what is settled and older may go; 0: 30 days */
	int64_t retain_bytes; /* size of the database that it aims for; 0: 10 GiB. Older settled events go,
				 but their ids are known until they are retain_ms old */
	unsigned retain_generations; /* of those that served last; others go once nothing unfinished began
					with them. 0: 100 */
	size_t queue_max;            /* events that wait for a commit; 0: 20,000. More are refused */
	const struct journal_faults *faults; /* NULL: none */

	/* Told from the writer's thread when the journal begins to fail, and when it works again (error
	 * NULL). */
	void (*state_changed)(void *context, const struct error *error);
	void *context;
};

/* Opens or makes the journal, migrates an older schema, and starts the writer. Fails when another process has
 * it open, when its schema is newer than this program, and when the folder cannot be written. A database that
 * is corrupt is set aside (renamed, with the name in ret_notice) and a new one begun, whose seq go on above
 * those of the old one. Without such a notice ret_notice->what is empty. */
int journal_open(const struct journal_options *options, struct journal **ret, struct error *ret_notice,
		 struct error *reterr);

/* Writes what was posted, then closes; blocks. Every entry is answered: when the disk still fails, events as
 * refused and the others unwritten. Readers are closed before. NULL is allowed. */
void journal_close(struct journal *journal);

/* Of the library behind it: "3.40.1". Any thread. */
const char *journal_sqlite_version(void);

/* Is the disk taking what is written? Any thread. */
bool journal_failing(const struct journal *journal);

/* What was written since it was opened: how long each commit took, and how many rows all of them had. Any
 * thread; adds to *ret. */
void journal_commits(const struct journal *journal, struct histogram *ret, uint64_t *ret_rows);

/* --- entries --- */

enum entry_kind {
	ENTRY_EVENTS,
	ENTRY_EVENT_DONE,
	ENTRY_RUN,
	ENTRY_STEP,
	ENTRY_DELIVERY,
	ENTRY_ONCE,
	ENTRY_GENERATION,
	ENTRY_ACTIVATION,
	ENTRY_SERVICE
};

enum run_outcome {
	OUTCOME_DONE,
	OUTCOME_SKIPPED,
	OUTCOME_FAILED,
	OUTCOME_WAITING,
	OUTCOME_DIVERGED,
	OUTCOME_AGAIN, /* it failed or diverged, and is to be run again; its event is open until that is over
			*/
};

enum delivery_state { DELIVERY_PENDING, DELIVERY_DELIVERED, DELIVERY_DEAD, DELIVERY_EXPIRED };

/* Something to be written. Memory of the poster, who leaves it alone until it was answered: `message` is then
 * delivered in the mailbox `reply_to`, or, if that is NULL, message.deliver is called on the writer's thread
 * (to free it). */
struct journal_entry {
	struct message message;
	struct mailbox *reply_to;
	enum entry_kind kind;
};

/* Refused as a whole (`refused`, error filled, nothing written) when the journal fails or its queue is full;
 * all other kinds are kept and tried again until they are written. A batch that alone is longer than the
 * queue is taken when nothing else waits. */
struct journal_events {
	struct journal_entry entry;
	struct event **events; /* their seq is set, to 0 for duplicates and when refused; generation is the
				  poster's */
	bool *duplicates;      /* set: (source, id) is in the journal already, or earlier in this batch */
	size_t n;
	bool refused;
	struct error error;
};

struct journal_event_done {
	struct journal_entry entry;
	uint64_t seq;
};

/* Replaces an earlier row of the same (seq, campaign, rule). With AGAIN the event is open from then on. */
struct journal_run {
	struct journal_entry entry;
	uint64_t seq; /* of its event */
	struct str campaign, rule;
	enum run_outcome outcome;
	struct str reason;   /* may be absent */
	struct str log;      /* lines, each ended by '\n'; may be empty */
	struct str error;    /* of a failed one, as the engine wrote it; opaque here; may be absent */
	int64_t time_ms;     /* wall clock */
	uint32_t generation; /* of a run that was run again, the rules that it has now; else 0 */
	struct str call;     /* AGAIN only; absent in rows that are read */
};

/* Replaces an earlier row of the same (seq, campaign, rule, number). */
struct journal_step {
	struct journal_entry entry;
	uint64_t seq;
	struct str campaign, rule;
	int number;
	struct str fingerprint; /* what was asked: to see that a repeated run asks the same */
	bool answered;
	int64_t deadline_ms;  /* wall clock; of waits */
	uint64_t awaited_seq; /* WAIT_FOR that got its event; 0: none */
	struct str answer;    /* CALL: as the engine wrote it; opaque here */
};

/* Replaces an earlier row of the same id. */
struct journal_delivery {
	struct journal_entry entry;
	struct str id;
	uint64_t seq;
	struct str campaign, rule, service, verb, call;
	int step;
	uint64_t service_hash;
	enum delivery_state state;
	int attempts;
	int64_t created_ms, next_ms; /* wall clock; next_ms: of the next attempt while PENDING */
	int64_t asked_ms;            /* wall clock: when it was asked for again; 0: never */
	int asked_attempts;          /* those that it had then */
	struct str request;          /* as the engine wrote it; opaque here; absent keeps what is there */
	struct str attempts_json;    /* array of all attempts so far */
	int status;                  /* of the last answer; 0: none */
	uint64_t n;                  /* its place among the rows; only of what is read */
	struct str failure;          /* class of the last attempt; "none" when delivered */
};

/* The first claim of a key stays. Forgotten with its event, by age. */
struct journal_once {
	struct journal_entry entry;
	uint64_t key[2];
	uint64_t seq; /* of the event that claimed it */
};

/* Replaces an earlier row of the same name. */
struct journal_service {
	struct journal_entry entry;
	struct str name;
	int64_t paused_ms; /* wall clock: since when; 0: it is not paused */
};

/* A text that generations name by its hash; the first one of a hash stays. */
struct journal_source {
	struct str hash, text;
};

struct journal_generation {
	struct journal_entry entry;
	struct str hash;  /* of the content */
	struct str files; /* a line a source, which begins with its hash; otherwise opaque here */
	uint32_t number;  /* set: the row's number; the same content again gets the same number */
	const struct journal_source *sources; /* that it names and the journal may not have yet */
	size_t n_sources;
};

/* A generation has begun to serve. */
struct journal_activation {
	struct journal_entry entry;
	uint32_t generation;
	int64_t at_ms;      /* wall clock */
	struct str cause;   /* in one word */
	struct str folder;  /* hash of the rules folder at that time */
	struct str summary; /* what changed, as the engine wrote it */
};

/* Any thread. */
void journal_post(struct journal *journal, struct journal_entry *entry);

/* --- reading --- */

/* A connection of its own that only reads; belongs to one thread. */
struct journal_reader;

int journal_reader_open(struct journal *journal, struct journal_reader **ret, struct error *reterr);

/* The same beside a running program, or when none runs: for commands that only look. Fails when there is no
 * journal. */
int journal_reader_open_folder(const char *folder, struct journal_reader **ret, struct error *reterr);
void journal_reader_close(struct journal_reader *reader); /* NULL is allowed */

/* Rows as the callbacks see them: texts live for the call. A callback that returns false ends the reading,
 * which is no failure. All filters of a query hold together. */
struct event_row {
	uint64_t seq;
	uint32_t generation;
	bool done;
	int64_t arrived_ms;
	struct str json; /* the event, as one line */
};

/* In the order of seq. */
struct event_query {
	uint64_t after_seq;  /* only later ones */
	struct str id, call; /* absent: any */
	int64_t since_ms;
	bool only_open;    /* not done */
	bool newest_first; /* else in the order of arrival; not with only_open */
	size_t limit;      /* 0: no limit */
};

int journal_read_events(struct journal_reader *reader, const struct event_query *query,
			bool (*row)(void *context, const struct event_row *row), void *context,
			struct error *reterr);

struct delivery_query {
	struct str id, service, campaign, call;
	int state; /* of enum delivery_state; -1: any */
	int64_t since_ms;
	uint64_t seq;      /* of one event; 0: any */
	uint64_t before_n; /* only rows before this one; 0: any */
	bool oldest_first; /* by the first row of each; else newest first */
	bool with_request; /* else request is absent in the rows */
	size_t limit;      /* 0: no limit */
};

int journal_read_deliveries(struct journal_reader *reader, const struct delivery_query *query,
			    bool (*row)(void *context, const struct journal_delivery *row), void *context,
			    struct error *reterr);
int journal_read_runs(struct journal_reader *reader, uint64_t seq,
		      bool (*row)(void *context, const struct journal_run *row), void *context,
		      struct error *reterr);

/* Runs of any event that failed or diverged, newest event first. All filters hold together. */
struct run_query {
	struct str campaign; /* absent: any */
	int64_t since_ms;
	bool oldest_first;
};

int journal_read_dead_runs(struct journal_reader *reader, const struct run_query *query,
			   bool (*row)(void *context, const struct journal_run *row), void *context,
			   struct error *reterr);
int journal_read_steps(struct journal_reader *reader, uint64_t seq,
		       bool (*row)(void *context, const struct journal_step *row), void *context,
		       struct error *reterr);
int journal_read_once(struct journal_reader *reader, size_t limit,
		      bool (*row)(void *context, const struct journal_once *row), void *context,
		      struct error *reterr);
/* Those that are paused. */
int journal_read_services(struct journal_reader *reader,
			  bool (*row)(void *context, const struct journal_service *row), void *context,
			  struct error *reterr);
int journal_read_generation(struct journal_reader *reader, uint32_t number,
			    bool (*row)(void *context, const struct journal_generation *row), void *context,
			    struct error *reterr);

/* The text of that hash; no call when the journal has none. */
int journal_read_source(struct journal_reader *reader, struct str hash,
			bool (*row)(void *context, const struct journal_source *row), void *context,
			struct error *reterr);

/* Newest first; limit 0: all. */
int journal_read_activations(struct journal_reader *reader, size_t limit,
			     bool (*row)(void *context, const struct journal_activation *row), void *context,
			     struct error *reterr);

struct journal_figures {
	uint64_t last_seq, events, open_events, pending, dead;
	int64_t bytes;             /* of the database */
	int64_t oldest_pending_ms; /* wall clock: when the oldest pending delivery was made; 0: none */
	uint64_t commits;          /* since it was opened; 0 for a reader of a folder */
	int64_t last_commit_us;    /* how long the last one took */
};

int journal_read_figures(struct journal_reader *reader, struct journal_figures *ret, struct error *reterr);
