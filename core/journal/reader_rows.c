#include "journal/reader_private.h"

/* Each kind of row: its columns as they are selected, and how they become the struct that the caller sees. */

static void add_limit(struct query *query, size_t limit)
{
	if (limit)
		query_number(query, " LIMIT ?", (int64_t)limit);
}

/* --- events --- */

struct event_target {
	bool (*row)(void *context, const struct event_row *row);
	void *context;
};

static bool event_row(void *context, sqlite3_stmt *s)
{
	const struct event_target *target = context;
	struct event_row row = {.seq = column_u64(s, 0),
				.generation = (uint32_t)sqlite3_column_int64(s, 1),
				.arrived_ms = sqlite3_column_int64(s, 2),
				.json = column_str(s, 3),
				.done = sqlite3_column_type(s, 4) == SQLITE_NULL};
	return target->row(target->context, &row);
}

/* Ids are in their table up to filed_seq; the latest events are looked through. */
static void event_by_id(struct query *sql, int64_t hash)
{
	query_number(sql, " AND e.seq IN (SELECT seq FROM ids WHERE id_hash = ? UNION ALL", hash);
	query_number(sql,
		     " SELECT seq FROM events WHERE seq > (SELECT filed_seq FROM state) AND id_hash = ?)",
		     hash);
}

static void event_tables(struct query *sql, const struct event_query *query, uint64_t seed)
{
	bool by_call = query->call.p && !query->id.p;
	if (by_call)
		query_with_buckets(sql);
	query_add(sql, "SELECT e.seq, e.generation, e.arrived_ms, e.json, o.seq FROM ");
	if (by_call)
		query_add(sql, "buckets CROSS JOIN events e ON e.bucket = buckets.b LEFT JOIN");
	else
		query_add(sql, query->only_open && !query->id.p
				       ? "open_events o CROSS JOIN events e ON e.seq = o.seq"
				       : "events e LEFT JOIN");
	if (by_call || !query->only_open || query->id.p)
		query_add(sql, " open_events o ON o.seq = e.seq");
	query_number(sql, " WHERE e.seq > ?", (int64_t)query->after_seq);
	if (query->id.p)
		event_by_id(sql, (int64_t)journal_hash(seed, query->id));
	if (query->call.p)
		query_number(sql, " AND e.call = ?", (int64_t)journal_hash(seed, query->call));
	if (query->only_open)
		query_add(sql, " AND o.seq IS NOT NULL");
}

int journal_read_events(struct journal_reader *reader, const struct event_query *query,
			bool (*row)(void *context, const struct event_row *row), void *context,
			struct error *reterr)
{
	struct event_target target = {row, context};
	struct query sql;
	int64_t first = 0;
	if (query->since_ms &&
	    first_since(reader, "SELECT (SELECT min(seq) FROM events), (SELECT max(seq) FROM events)",
			"SELECT order_ms FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", query->since_ms,
			&first, reterr))
		return -1;
	query_init(&sql);
	event_tables(&sql, query, reader->seed);
	if (query->since_ms) {
		query_number(&sql, " AND e.seq >= ?", first);
		query_number(&sql, " AND e.arrived_ms >= ?", query->since_ms);
	}
	query_add(&sql,
		  query->only_open && !query->id.p && !query->call.p ? " ORDER BY o.seq" : " ORDER BY e.seq");
	if (query->newest_first)
		query_add(&sql, " DESC");
	add_limit(&sql, query->limit);
	return query_run(reader, &sql, event_row, &target, reterr);
}

/* --- deliveries --- */

struct delivery_target {
	bool (*row)(void *context, const struct journal_delivery *row);
	void *context;
};

#define DELIVERY_COLUMNS                                                                                \
	"d.id, d.seq, d.campaign, d.rule, d.service, d.verb, d.call, d.step, d.service_hash, d.state, " \
	"d.attempts,"                                                                                   \
	" d.created_ms, d.next_ms, d.attempts_json, d.status, d.failure, d.n, d.asked_ms, d.asked_attempts"

static bool delivery_row(void *context, sqlite3_stmt *s)
{
	const struct delivery_target *target = context;
	struct journal_delivery row = {.id = column_str(s, 0),
				       .seq = column_u64(s, 1),
				       .campaign = column_str(s, 2),
				       .rule = column_str(s, 3),
				       .service = column_str(s, 4),
				       .verb = column_str(s, 5),
				       .call = column_str(s, 6),
				       .step = sqlite3_column_int(s, 7),
				       .service_hash = column_u64(s, 8),
				       .state = (enum delivery_state)sqlite3_column_int(s, 9),
				       .attempts = sqlite3_column_int(s, 10),
				       .created_ms = sqlite3_column_int64(s, 11),
				       .next_ms = sqlite3_column_int64(s, 12),
				       .attempts_json = column_str(s, 13),
				       .status = sqlite3_column_int(s, 14),
				       .failure = column_str(s, 15),
				       .n = column_u64(s, 16),
				       .asked_ms = sqlite3_column_int64(s, 17),
				       .asked_attempts = sqlite3_column_int(s, 18),
				       .request = column_str(s, 19)};
	row.entry.kind = ENTRY_DELIVERY;
	return target->row(target->context, &row);
}

/* The planner does not know how the buckets lie: the order of the tables is given. */
static void delivery_tables(struct query *sql, const struct delivery_query *query)
{
	bool by_id = query->id.p && !query->seq, by_call = query->call.p && !query->id.p && !query->seq;
	if (by_id || by_call)
		query_with_buckets(sql);
	query_add(sql, query->with_request ? "SELECT " DELIVERY_COLUMNS ", d.request FROM "
					   : "SELECT " DELIVERY_COLUMNS ", NULL FROM ");
	if (by_id)
		query_add(sql,
			  "buckets CROSS JOIN deliveries d INDEXED BY deliveries_id ON d.bucket = buckets.b");
	else if (by_call)
		query_add(sql, "buckets CROSS JOIN events e INDEXED BY events_call ON e.bucket = buckets.b"
			       " CROSS JOIN deliveries d INDEXED BY deliveries_id ON d.bucket = e.bucket"
			       " AND d.seq = e.seq");
	else if (query->seq)
		query_add(sql, "deliveries d INDEXED BY deliveries_id");
	else if (query->state == DELIVERY_PENDING || query->state == DELIVERY_DEAD)
		query_add(sql, "deliveries d INDEXED BY deliveries_unsettled");
	else
		query_add(sql, "deliveries d");
}

/* For a state with an index of its own, word for word what the index says, or the planner would not use it.
 */
static void delivery_state(struct query *sql, int state)
{
	static const char *const states[] = {[DELIVERY_PENDING] = " AND d.state IN (0, 2) AND d.state = 0",
					     [DELIVERY_DELIVERED] = " AND d.state = 1",
					     [DELIVERY_DEAD] = " AND d.state IN (0, 2) AND d.state = 2",
					     [DELIVERY_EXPIRED] = " AND d.state = 3"};
	if (state >= 0 && state < (int)countof(states))
		query_add(sql, states[state]);
}

static void delivery_filters(struct query *sql, const struct delivery_query *query, uint64_t seed)
{
	bool by_call = query->call.p && !query->id.p && !query->seq;
	query_add(sql, " WHERE 1");
	if (query->seq) {
		query_number(sql, " AND d.bucket = ?", bucket_of(query->seq));
		query_number(sql, " AND d.seq = ?", (int64_t)query->seq);
	}
	if (query->id.p) {
		query_number(sql, " AND d.id_hash = ?", (int64_t)journal_hash(seed, query->id));
		query_text(sql, " AND d.id = ?", query->id);
	}
	if (by_call)
		query_number(sql, " AND e.call = ?", (int64_t)journal_hash(seed, query->call));
	if (query->call.p)
		query_text(sql, " AND d.call = ?", query->call);
	if (query->service.p)
		query_text(sql, " AND d.service = ?", query->service);
	if (query->campaign.p)
		query_text(sql, " AND d.campaign = ?", query->campaign);
	delivery_state(sql, query->state);
}

int journal_read_deliveries(struct journal_reader *reader, const struct delivery_query *query,
			    bool (*row)(void *context, const struct journal_delivery *row), void *context,
			    struct error *reterr)
{
	struct delivery_target target = {row, context};
	struct query sql;
	int64_t first = 0;
	if (query->since_ms &&
	    first_since(reader, "SELECT (SELECT min(n) FROM deliveries), (SELECT max(n) FROM deliveries)",
			"SELECT order_ms FROM deliveries WHERE n >= ? ORDER BY n LIMIT 1", query->since_ms,
			&first, reterr))
		return -1;
	query_init(&sql);
	delivery_tables(&sql, query);
	delivery_filters(&sql, query, reader->seed);
	if (query->since_ms) {
		query_number(&sql, " AND d.n >= ?", first);
		query_number(&sql, " AND d.created_ms >= ?", query->since_ms);
	}
	if (query->before_n)
		query_number(&sql, " AND d.n < ?", (int64_t)query->before_n);
	query_add(&sql, query->oldest_first ? " ORDER BY d.n" : " ORDER BY d.n DESC");
	add_limit(&sql, query->limit);
	return query_run(reader, &sql, delivery_row, &target, reterr);
}

/* --- runs, steps, once, generations --- */

struct run_target {
	bool (*row)(void *context, const struct journal_run *row);
	void *context;
};

#define RUN_COLUMNS "seq, campaign, rule, outcome, reason, log, time_ms, generation, error"

static bool run_row(void *context, sqlite3_stmt *s)
{
	const struct run_target *target = context;
	struct journal_run row = {.seq = column_u64(s, 0),
				  .campaign = column_str(s, 1),
				  .rule = column_str(s, 2),
				  .outcome = (enum run_outcome)sqlite3_column_int(s, 3),
				  .reason = column_str(s, 4),
				  .log = column_str(s, 5),
				  .time_ms = sqlite3_column_int64(s, 6),
				  .generation = (uint32_t)sqlite3_column_int64(s, 7),
				  .error = column_str(s, 8)};
	row.entry.kind = ENTRY_RUN;
	return target->row(target->context, &row);
}

int journal_read_runs(struct journal_reader *reader, uint64_t seq,
		      bool (*row)(void *context, const struct journal_run *row), void *context,
		      struct error *reterr)
{
	struct run_target target = {row, context};
	struct query sql;
	query_init(&sql);
	query_number(&sql,
		     "SELECT " RUN_COLUMNS " FROM runs WHERE seq = ?"
		     " ORDER BY campaign, rule",
		     (int64_t)seq);
	return query_run(reader, &sql, run_row, &target, reterr);
}

int journal_read_dead_runs(struct journal_reader *reader, const struct run_query *query,
			   bool (*row)(void *context, const struct journal_run *row), void *context,
			   struct error *reterr)
{
	struct run_target target = {row, context};
	struct query sql;
	query_init(&sql);
	/* Word for word what the index says, or the planner would not use it. */
	query_add(&sql, "SELECT " RUN_COLUMNS " FROM runs INDEXED BY runs_unsettled"
			" WHERE outcome IN (2, 4, 5) AND outcome <> 5");
	if (query->campaign.p)
		query_text(&sql, " AND campaign = ?", query->campaign);
	if (query->since_ms)
		query_number(&sql, " AND time_ms >= ?", query->since_ms);
	query_add(&sql, query->oldest_first ? " ORDER BY seq" : " ORDER BY seq DESC");
	return query_run(reader, &sql, run_row, &target, reterr);
}

struct step_target {
	bool (*row)(void *context, const struct journal_step *row);
	void *context;
};

static bool step_row(void *context, sqlite3_stmt *s)
{
	const struct step_target *target = context;
	struct journal_step row = {.seq = column_u64(s, 0),
				   .campaign = column_str(s, 1),
				   .rule = column_str(s, 2),
				   .number = sqlite3_column_int(s, 3),
				   .fingerprint = column_str(s, 4),
				   .answered = sqlite3_column_int(s, 5),
				   .deadline_ms = sqlite3_column_int64(s, 6),
				   .awaited_seq = column_u64(s, 7),
				   .answer = column_str(s, 8)};
	row.entry.kind = ENTRY_STEP;
	return target->row(target->context, &row);
}

int journal_read_steps(struct journal_reader *reader, uint64_t seq,
		       bool (*row)(void *context, const struct journal_step *row), void *context,
		       struct error *reterr)
{
	struct step_target target = {row, context};
	struct query sql;
	query_init(&sql);
	query_number(
		&sql,
		"SELECT seq, campaign, rule, number, fingerprint, answered, deadline_ms, awaited_seq, answer"
		" FROM steps WHERE seq = ? ORDER BY campaign, rule, number",
		(int64_t)seq);
	return query_run(reader, &sql, step_row, &target, reterr);
}

struct once_target {
	bool (*row)(void *context, const struct journal_once *row);
	void *context;
};

static bool once_row(void *context, sqlite3_stmt *s)
{
	const struct once_target *target = context;
	struct journal_once row = {.key = {column_u64(s, 0), column_u64(s, 1)}, .seq = column_u64(s, 2)};
	row.entry.kind = ENTRY_ONCE;
	return target->row(target->context, &row);
}

int journal_read_once(struct journal_reader *reader, size_t limit,
		      bool (*row)(void *context, const struct journal_once *row), void *context,
		      struct error *reterr)
{
	struct once_target target = {row, context};
	struct query sql;
	query_init(&sql);
	query_add(&sql, "SELECT key_1, key_2, seq FROM once ORDER BY seq DESC");
	add_limit(&sql, limit);
	return query_run(reader, &sql, once_row, &target, reterr);
}

struct service_target {
	bool (*row)(void *context, const struct journal_service *row);
	void *context;
};

static bool service_row(void *context, sqlite3_stmt *s)
{
	const struct service_target *target = context;
	struct journal_service row = {.name = column_str(s, 0), .paused_ms = sqlite3_column_int64(s, 1)};
	row.entry.kind = ENTRY_SERVICE;
	return target->row(target->context, &row);
}

int journal_read_services(struct journal_reader *reader,
			  bool (*row)(void *context, const struct journal_service *row), void *context,
			  struct error *reterr)
{
	struct service_target target = {row, context};
	struct query sql;
	query_init(&sql);
	query_add(&sql, "SELECT name, paused_ms FROM services WHERE paused_ms > 0");
	return query_run(reader, &sql, service_row, &target, reterr);
}

struct generation_target {
	bool (*row)(void *context, const struct journal_generation *row);
	void *context;
};

static bool generation_row(void *context, sqlite3_stmt *s)
{
	const struct generation_target *target = context;
	struct journal_generation row = {.number = (uint32_t)sqlite3_column_int64(s, 0),
					 .hash = column_str(s, 1),
					 .files = column_str(s, 2)};
	row.entry.kind = ENTRY_GENERATION;
	return target->row(target->context, &row);
}

int journal_read_generation(struct journal_reader *reader, uint32_t number,
			    bool (*row)(void *context, const struct journal_generation *row), void *context,
			    struct error *reterr)
{
	struct generation_target target = {row, context};
	struct query sql;
	query_init(&sql);
	query_number(&sql, "SELECT number, hash, files FROM generations WHERE number = ?", number);
	return query_run(reader, &sql, generation_row, &target, reterr);
}

struct source_target {
	bool (*row)(void *context, const struct journal_source *row);
	void *context;
};

static bool source_row(void *context, sqlite3_stmt *s)
{
	const struct source_target *target = context;
	struct journal_source row = {.hash = column_str(s, 0), .text = column_str(s, 1)};
	return target->row(target->context, &row);
}

int journal_read_source(struct journal_reader *reader, struct str hash,
			bool (*row)(void *context, const struct journal_source *row), void *context,
			struct error *reterr)
{
	struct source_target target = {row, context};
	struct query sql;
	query_init(&sql);
	query_text(&sql, "SELECT hash, text FROM sources WHERE hash = ?", hash);
	return query_run(reader, &sql, source_row, &target, reterr);
}

struct activation_target {
	bool (*row)(void *context, const struct journal_activation *row);
	void *context;
};

static bool activation_row(void *context, sqlite3_stmt *s)
{
	const struct activation_target *target = context;
	struct journal_activation row = {.generation = (uint32_t)sqlite3_column_int64(s, 0),
					 .at_ms = sqlite3_column_int64(s, 1),
					 .cause = column_str(s, 2),
					 .folder = column_str(s, 3),
					 .summary = column_str(s, 4)};
	row.entry.kind = ENTRY_ACTIVATION;
	return target->row(target->context, &row);
}

int journal_read_activations(struct journal_reader *reader, size_t limit,
			     bool (*row)(void *context, const struct journal_activation *row), void *context,
			     struct error *reterr)
{
	struct activation_target target = {row, context};
	struct query sql;
	query_init(&sql);
	query_add(&sql, "SELECT generation, at_ms, cause, folder, summary FROM activations ORDER BY n DESC");
	add_limit(&sql, limit);
	return query_run(reader, &sql, activation_row, &target, reterr);
}
