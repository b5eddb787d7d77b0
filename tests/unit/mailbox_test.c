#include "unit.h"

#include "base/mailbox.h"

enum { POSTERS = 4, EACH = 5000 };

struct letter {
	struct message message;
	int poster, number;
};

static struct mailbox box;
static int wakes, next_of[POSTERS];
static bool in_order = true;

static void wake(void *context)
{
	__atomic_add_fetch(&wakes, 1, __ATOMIC_RELAXED);
}

static void deliver(struct message *message)
{
	struct letter *letter = container_of(message, struct letter, message);
	if (letter->number != next_of[letter->poster]++)
		in_order = false;
	free(letter);
}

static void *post_many(void *arg)
{
	for (int i = 0; i < EACH; i++) {
		struct letter *letter = mem_zalloc(sizeof *letter);
		*letter = (struct letter){.message.deliver = deliver, .poster = *(int *)arg, .number = i};
		mailbox_post(&box, &letter->message);
	}
	return NULL;
}

static void keeps_the_order_of_each_poster(void **state)
{
	pthread_t threads[POSTERS];
	int numbers[POSTERS];
	mailbox_init(&box, wake, NULL);
	for (int i = 0; i < POSTERS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, post_many, &numbers[i]);
	}
	size_t n = 0;
	while (n < POSTERS * EACH)
		n += mailbox_drain(&box);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(n, POSTERS * EACH);
	assert_true(in_order);
	assert_true(wakes > 0);
	assert_int_equal(mailbox_drain(&box), 0);
	mailbox_finish(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_the_order_of_each_poster)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
