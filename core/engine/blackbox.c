#include "engine/blackbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 64, SUSPECTS = 64, NAME_MAX_BYTES = 120 };

static const char magic[16] = "switchhook box1";

struct named {
	uint64_t seq; /* 0: none */
	uint64_t id;  /* hash of the event's id: a new journal may give the number again */
	char campaign[NAME_MAX_BYTES], rule[NAME_MAX_BYTES]; /* terminated */
};

struct slot {
	struct named work;
	uint32_t blamed;
	pid_t thread;
};

struct suspect {
	struct named who;
	uint32_t crashes;
};

/* The file. */
struct box {
	char magic[sizeof magic];
	struct slot slots[SLOTS];
	struct suspect suspects[SUSPECTS];
};

struct blackbox {
	struct box *box;
};

static uint64_t id_of(const struct event *event)
{
	return str_hash(event->id);
}

static struct suspect *find(const struct blackbox *blackbox, uint64_t seq, uint64_t id)
{
	for (size_t i = 0; i < SUSPECTS; i++) {
		struct suspect *suspect = &blackbox->box->suspects[i];
		if (suspect->who.seq == seq && suspect->who.id == id)
			return suspect;
	}
	return NULL;
}

/* Nobody is taken off: the end of an event that was quarantined may not be on disk yet when the process dies
 * again. When all places are taken the oldest event makes room, which is the least likely to come again. */
static struct suspect *place(struct blackbox *blackbox)
{
	struct suspect *oldest = &blackbox->box->suspects[0];
	for (size_t i = 1; i < SUSPECTS; i++)
		if (blackbox->box->suspects[i].who.seq < oldest->who.seq)
			oldest = &blackbox->box->suspects[i];
	*oldest = (struct suspect){0};
	return oldest;
}

static void suspect(struct blackbox *blackbox, const struct named *who)
{
	struct suspect *found = find(blackbox, who->seq, who->id);
	if (!found)
		found = place(blackbox);
	found->who = *who;
	found->who.campaign[NAME_MAX_BYTES - 1] = found->who.rule[NAME_MAX_BYTES - 1] = 0;
	found->crashes++;
}

static void take_last_words(struct blackbox *blackbox)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &blackbox->box->slots[i];
		if (slot->blamed && slot->work.seq)
			suspect(blackbox, &slot->work);
		*slot = (struct slot){0};
	}
}

static int fail(const char *path, int error, struct error *reterr)
{
	error_set(reterr, "cannot use '%s': %s", path, strerror(error));
	error_hint(reterr, "the data folder must be a folder that this user can write to");
	return -1;
}

int blackbox_open(const char *folder, struct blackbox **ret, struct error *reterr)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/inflight", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(path, errno, reterr);
	/* Room on the disk is taken here: a write to a mapping that finds none is a signal. */
	int error = posix_fallocate(fd, 0, sizeof(struct box));
	struct box *box =
		error ? MAP_FAILED : mmap(NULL, sizeof *box, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!error && box == MAP_FAILED)
		error = errno;
	close(fd);
	if (error)
		return fail(path, error, reterr);
	struct blackbox *blackbox = mem_zalloc(sizeof *blackbox);
	blackbox->box = box;
	if (memcmp(box->magic, magic, sizeof magic) != 0) {
		memset(box, 0, sizeof *box);
		memcpy(box->magic, magic, sizeof magic);
	}
	take_last_words(blackbox);
	*ret = blackbox;
	return 0;
}

void blackbox_close(struct blackbox *blackbox)
{
	if (!blackbox)
		return;
	munmap(blackbox->box, sizeof *blackbox->box);
	free(blackbox);
}

void blackbox_shard(struct blackbox *blackbox, unsigned shard)
{
	if (blackbox)
		__atomic_store_n(&blackbox->box->slots[shard % SLOTS].thread, gettid(), __ATOMIC_RELEASE);
}

static void set_name(char *to, struct str name)
{
	size_t n = name.n < NAME_MAX_BYTES ? name.n : NAME_MAX_BYTES - 1;
	if (n)
		memcpy(to, name.p, n);
	to[n] = 0;
}

void blackbox_work(struct blackbox *blackbox, unsigned shard, const struct event *event, struct str campaign,
		   struct str rule)
{
	if (!blackbox)
		return;
	struct named *work = &blackbox->box->slots[shard % SLOTS].work;
	if (!event) {
		__atomic_store_n(&work->seq, 0, __ATOMIC_RELEASE);
		return;
	}
	set_name(work->campaign, campaign);
	set_name(work->rule, rule);
	work->id = id_of(event);
	__atomic_store_n(&work->seq, event->seq, __ATOMIC_RELEASE);
}

void blackbox_blame(struct blackbox *blackbox, unsigned shard)
{
	if (blackbox)
		__atomic_store_n(&blackbox->box->slots[shard % SLOTS].blamed, 1, __ATOMIC_RELEASE);
}

void blackbox_blame_thread(struct blackbox *blackbox)
{
	pid_t thread = gettid();
	for (unsigned i = 0; blackbox && i < SLOTS; i++)
		if (__atomic_load_n(&blackbox->box->slots[i].thread, __ATOMIC_ACQUIRE) == thread)
			blackbox_blame(blackbox, i);
}

struct suspicion blackbox_suspicion(const struct blackbox *blackbox, const struct event *event)
{
	const struct suspect *found = blackbox ? find(blackbox, event->seq, id_of(event)) : NULL;
	if (!found)
		return (struct suspicion){0};
	return (struct suspicion){found->crashes, str_of(found->who.campaign), str_of(found->who.rule)};
}

struct suspicion blackbox_working(const struct blackbox *blackbox, unsigned shard)
{
	if (!blackbox)
		return (struct suspicion){0};
	const struct named *work = &blackbox->box->slots[shard % SLOTS].work;
	return (struct suspicion){0, str_of(work->campaign), str_of(work->rule)};
}
