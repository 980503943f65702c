/* Streams that become one: what the whole says of each process is what its own stream says. */
#include "random_stream.h"
#include "same_ledger.h"

#include <errno.h>
#include <jansson.h>

#include "ledger/checkpoint.h"
#include "ledger/merge.h"
#include "stream/queue.h"
#include "view/explain.h"
#include "view/json.h"

enum { STREAMS = 4, RECORDS = 401, SEEDS = 61 };

/* Records that are pulled in pieces; some of them are said to come behind a gap. */
struct pieces {
	struct merge_stream stream;
	struct keeper keeper;
	VEC(bool) in_gap;
	size_t at;
	unsigned int gaps;
	struct random random;
	struct ledger *alone; /* what they add up to by themselves */
	char host[8];
};

static int pull(struct merge_stream *stream, struct sink *to)
{
	struct pieces *p = (struct pieces *)stream;
	size_t nr = random_below(&p->random, 40);

	for (size_t i = 0; i < nr && p->at < p->keeper.records.nr; i++) {
		bool gap = p->in_gap.items[p->at];

		p->gaps += gap && (!p->at || !p->in_gap.items[p->at - 1]);
		assert_int_equal(sink_put(to, &p->keeper.records.items[p->at]), 0);
		p->at++;
	}
	return p->at < p->keeper.records.nr;
}

/* Of the record that is being put. */
static bool in_gap(const struct merge_stream *stream)
{
	const struct pieces *p = (const struct pieces *)stream;

	return p->in_gap.items[p->at];
}

static unsigned int nr_gaps(const struct merge_stream *stream)
{
	return ((const struct pieces *)stream)->gaps;
}

static void pieces_init(struct pieces *p, uint64_t seed)
{
	*p = (struct pieces){.keeper.sink.put = keeper_put, .random = {seed}, .alone = ledger_new()};
	p->stream = (struct merge_stream){.pull = pull, .in_gap = in_gap, .gaps = nr_gaps};
}

static void pieces_release(struct pieces *p)
{
	for (size_t i = 0; i < p->keeper.records.nr; i++)
		record_release(&p->keeper.records.items[i]);
	vec_release(&p->keeper.records);
	vec_release(&p->in_gap);
	ledger_free(p->alone);
}

/* As a reader of this stream alone: what contradicts behind a gap is left out. */
static void add(struct pieces *p, const struct record *r, bool gap)
{
	int err = ledger_apply(p->alone, r, NULL);

	assert_true(!err || gap);
	keeper_put(&p->keeper.sink, r);
	vec_push(&p->in_gap, gap);
}

static struct record mark(uint64_t time_ns, const char *reason)
{
	struct record r = {.kind = RECORD_CHECKPOINT};

	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, REASON, reason, reason);
	return r;
}

struct to_pieces {
	struct sink sink;
	struct pieces *p;
	bool gap;
};

static int put_to_pieces(struct sink *sink, const struct record *r)
{
	struct to_pieces *to = (struct to_pieces *)sink;

	add(to->p, r, to->gap);
	return 0;
}

static void add_checkpoint(struct pieces *p, const struct ledger *whole, bool gap)
{
	struct to_pieces to = {.sink.put = put_to_pieces, .p = p, .gap = gap};
	struct record begin = mark(whole->time_ns, "begin"), end = mark(whole->time_ns, "end");

	add(p, &begin, gap);
	assert_int_equal(ledger_checkpoint(whole, &to.sink), 0);
	add(p, &end, false);
}

/* A stream with gaps in it, behind each of which a checkpoint tells what was known; or with a checkpoint and no gap. */
static void fill(struct pieces *p, uint64_t seed, bool damaged)
{
	struct stream s = {.random = {seed}, .time_ns = 1 + seed % 97};
	struct ledger *whole = ledger_new();
	uint64_t missing = 0, behind = 0;

	for (uint64_t i = 0; i < RECORDS; i++) {
		struct record r = next_record(&s);

		if (!is_wanted(&s, &r, i))
			continue;
		define(&s, &r, whole);
		if (ledger_apply(whole, &r, NULL))
			continue;
		if (damaged && !missing && !behind && i > PROCESSES + ARENAS && !random_below(&s.random, 90))
			missing = behind = 1 + random_below(&s.random, 20);
		if (missing && --missing)
			continue;
		add(p, &r, behind);
		if ((behind && !--behind) || !random_below(&s.random, 200)) {
			add_checkpoint(p, whole, behind);
			behind = 0;
		}
	}
	ledger_free(whole);
}

/* ---- what is said of processes ---- */

static void add_processes(json_t *all, const char *line, const char *host)
{
	json_t *object = json_loads(line, 0, NULL), *process;
	size_t i;

	assert_non_null(object);
	json_array_foreach(json_object_get(object, "processes"), i, process) {
		const char *its = json_string_value(json_object_get(process, "host"));

		if (host && (!its || strcmp(its, host)))
			continue;
		json_object_del(process, "host");
		json_array_append(all, process);
	}
	json_decref(object);
}

/* Of those on @host; NULL: of all. */
static char *said(const struct ledger *l, const char *host)
{
	const struct explain_options o = {.recorded = true};
	struct str state = {}, history = {};
	json_t *all = json_array();
	char *text;

	json_add_state(&state, l, NULL, false);
	explain_add_json(&history, l, &o);
	add_processes(all, str_text(&state), host);
	add_processes(all, str_text(&history), host);
	text = json_dumps(all, JSON_INDENT(1));
	json_decref(all);
	str_release(&state);
	str_release(&history);
	return text;
}

static void assert_same_said(const struct ledger *whole, const char *host, const struct ledger *alone)
{
	char *found = said(whole, host), *expected = said(alone, NULL);

	assert_string_equal(found, expected);
	free(found);
	free(expected);
}

struct sums {
	uint64_t events, lost, corrections, unread, unknown_frees, replaced, seen, processes, arenas;
};

static void add_sums(struct sums *s, const struct ledger *l)
{
	s->events += l->events;
	s->lost += l->lost;
	s->corrections += l->corrections;
	s->unread += l->unread;
	s->unknown_frees += l->unknown_frees;
	s->replaced += l->replaced;
	s->processes += l->processes.nr;
	s->arenas += l->arenas.nr;
	for (size_t i = 0; i < l->probes.nr; i++)
		s->seen += l->probes.items[i].seen;
}

/* ---- the whole ---- */

/* Whoever reads the whole: takes all of it. */
struct reader {
	struct sink sink;
	struct ledger *l;
	struct keeper keeper;
	uint64_t time_ns;
};

static int put_reader(struct sink *sink, const struct record *r)
{
	struct reader *reader = (struct reader *)sink;

	assert_true(r->time_ns >= reader->time_ns);
	reader->time_ns = r->time_ns;
	assert_int_equal(ledger_apply(reader->l, r, NULL), 0);
	return keeper_put(&reader->keeper.sink, r);
}

static void reader_release(struct reader *r)
{
	ledger_free(r->l);
	for (size_t i = 0; i < r->keeper.records.nr; i++)
		record_release(&r->keeper.records.items[i]);
	vec_release(&r->keeper.records);
}

/* All of @pieces; the reader's ledger is that of the merge. */
static void merge_all(struct pieces *pieces, size_t nr, struct reader *ret)
{
	struct merge_stream *streams[STREAMS + 1];
	struct merge *m;

	*ret = (struct reader){.sink.put = put_reader, .l = ledger_new(), .keeper.sink.put = keeper_put};
	for (size_t i = 0; i < nr; i++)
		streams[i] = &pieces[i].stream;
	m = merge_new(streams, nr);
	assert_int_equal(merge_run(m, &ret->sink), 0);
	same_ledger(merge_ledger(m), ret->l);
	for (size_t i = 0; i < nr; i++) {
		if (pieces[i].stream.contradiction)
			fail_msg("stream %zu, record %llu: %s", i, (unsigned long long)pieces[i].stream.records, pieces[i].stream.contradiction);
		assert_int_equal(pieces[i].stream.err, 0);
	}
	merge_free(m);
}

static void assert_sums(const struct pieces *pieces, size_t nr, const struct ledger *whole)
{
	struct sums expected = {}, found = {};
	uint64_t gaps = 0;

	for (size_t i = 0; i < nr; i++) {
		add_sums(&expected, pieces[i].alone);
		gaps += pieces[i].gaps + pieces[i].alone->gaps;
	}
	add_sums(&found, whole);
	assert_memory_equal(&found, &expected, sizeof(found));
	if (whole->gaps != gaps)
		fail_msg("%zu streams: %llu %llu; %llu %u", nr, (unsigned long long)whole->gaps, (unsigned long long)gaps, (unsigned long long)pieces[0].alone->gaps, pieces[0].gaps);
}

static void put_host(struct pieces *p, size_t i)
{
	snprintf(p->host, sizeof(p->host), "h%zu", i);
	p->stream.host = p->host;
}

/* The records of a whole, as one stream of another one. */
static void take_up(struct pieces *p, const struct reader *r)
{
	for (size_t i = 0; i < r->keeper.records.nr; i++)
		add(p, &r->keeper.records.items[i], false);
}

static void run(uint64_t seed, bool damaged)
{
	size_t nr = 1 + seed % STREAMS;
	struct pieces pieces[STREAMS], again[2];
	struct reader whole, twice;

	for (size_t i = 0; i < nr; i++) {
		pieces_init(&pieces[i], seed + i + 1);
		fill(&pieces[i], (seed * STREAMS + i + 1) * 0x9e3779b97f4a7c15ULL, damaged);
		if (nr > 1)
			put_host(&pieces[i], i);
	}
	merge_all(pieces, nr, &whole);
	for (size_t i = 0; i < nr; i++)
		assert_same_said(whole.l, nr > 1 ? pieces[i].host : NULL, pieces[i].alone);
	assert_sums(pieces, nr, whole.l);
	/* And once more, with a stream of another host. */
	for (size_t i = 0; i < 2; i++)
		pieces_init(&again[i], seed + i + 100);
	take_up(&again[0], &whole);
	fill(&again[1], seed + 12345, damaged);
	again[0].stream.host = "h0";
	put_host(&again[1], 9);
	merge_all(again, 2, &twice);
	for (size_t i = 0; i < nr; i++)
		assert_same_said(twice.l, nr > 1 ? pieces[i].host : "h0", pieces[i].alone);
	assert_same_said(twice.l, again[1].host, again[1].alone);
	for (size_t i = 0; i < nr; i++)
		pieces_release(&pieces[i]);
	for (size_t i = 0; i < 2; i++)
		pieces_release(&again[i]);
	reader_release(&whole);
	reader_release(&twice);
}

static void the_whole_says_of_a_process_what_its_own_stream_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run(seed, false);
}

static void also_where_streams_have_gaps(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run(seed, true);
}

/* Whatever the records are: no crash, and a reader takes what comes out. */
static void nonsense_ends_its_stream(void **state)
{
	size_t ended = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct pieces pieces[2];
		struct merge_stream *streams[] = {&pieces[0].stream, &pieces[1].stream};
		struct reader reader = {.sink.put = put_reader, .l = ledger_new(), .keeper.sink.put = keeper_put};
		struct merge *m;

		for (size_t i = 0; i < 2; i++) {
			pieces_init(&pieces[i], seed + i);
			fill(&pieces[i], (seed * 2 + i) * 0x9e3779b97f4a7c15ULL, true);
			for (int k = 0; pieces[i].keeper.records.nr && k < 5; k++) {
				struct record *r = &pieces[i].keeper.records.items[random_below(&pieces[i].random, pieces[i].keeper.records.nr)];

				record_set_number(r, random_below(&pieces[i].random, 2) ? FIELD_PROCESS : FIELD_ARENA,
						  random_number(&pieces[i].random));
			}
		}
		m = merge_new(streams, 2);
		assert_int_equal(merge_run(m, &reader.sink), 0);
		same_ledger(merge_ledger(m), reader.l);
		for (size_t i = 0; i < 2; i++) {
			ended += pieces[i].stream.contradiction != NULL;
			assert_true(pieces[i].stream.records <= pieces[i].keeper.records.nr);
			pieces_release(&pieces[i]);
		}
		merge_free(m);
		reader_release(&reader);
	}
	assert_true(ended > SEEDS / 2);
}

static void records_wait_as_they_are(void **state)
{
	struct random random = {7};
	struct queue q = {};

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct keeper in = {.sink.put = keeper_put};
		struct record r;
		unsigned int got;

		for (unsigned int i = 0; i < 100; i++) {
			r = random_record(&random);
			queue_put(&q, &r, i);
			vec_push(&in.records, r);
		}
		for (unsigned int i = 0; i < 100; i++) {
			assert_true(queue_take(&q, &r, &got));
			assert_int_equal(got, i);
			assert_same_record(&r, &in.records.items[i]);
		}
		assert_false(queue_take(&q, &r, &got));
		for (size_t i = 0; i < in.records.nr; i++)
			record_release(&in.records.items[i]);
		vec_release(&in.records);
	}
	queue_release(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_wait_as_they_are),
		cmocka_unit_test(the_whole_says_of_a_process_what_its_own_stream_says),
		cmocka_unit_test(also_where_streams_have_gaps),
		cmocka_unit_test(nonsense_ends_its_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
