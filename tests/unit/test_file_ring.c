/* stream/file_ring.h and stream/file_join.h: what a ring holds at any moment, on the disk and when it is read. */
#include "checkpointed.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "stream/file.h"
#include "stream/file_join.h"
#include "stream/file_ring.h"
#include "stream/text.h"

#define MS 1000000ULL
#define BEGIN_NS 1795348800000000000ULL
#define DEFINITIONS                                                                                                  \
	"attach time_ns=1795348800000000000 process=1 pid=4242 start_ns=1 name=python command=python runtime=x pools=P,Q\n"  \
	"arena time_ns=1795348800000000000 process=1 arena=1 object=0x40 owner=0x1 pool=P banks=8 bank_bytes=1000000000 base=0\n" \
	"census time_ns=1795348800000000000 process=1 reason=begin\n"                                                        \
	"census time_ns=1795348800000000000 process=1 reason=end\n"

/* A ring in a folder of its own, the ledger of all that was put, and the records of it. */
struct rig {
	char folder[64];
	char path[80];
	struct file_ring *ring;
	struct ledger *ledger;
	struct keeper all;
	struct random random;
	VEC(uint64_t) living;
	uint64_t now_ns; /* since the begin */
	uint64_t turns;
	int err;
};

static void rig_open(struct rig *g, const struct file_ring_options *o)
{
	struct diag d = {};

	*g = (struct rig){.folder = "/tmp/pooltrace-ring-XXXXXX", .random.state = 4711};
	assert_non_null(mkdtemp(g->folder));
	snprintf(g->path, sizeof(g->path), "%s/run.pt", g->folder);
	g->ledger = ledger_new();
	if (file_ring_open(g->path, o, 0, &g->ring, &d))
		fail_msg("%s", d.text);
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);

	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	assert_int_equal(rmdir(folder), 0);
}

static void rig_close(struct rig *g)
{
	file_ring_free(g->ring);
	ledger_free(g->ledger);
	keeper_release(&g->all);
	vec_release(&g->living);
	remove_folder(g->folder);
}

/* As cmd/recorder.c does. */
static int put(struct rig *g, const struct record *r)
{
	int err = file_ring_put(g->ring, r);

	if (err)
		return err;
	keeper_put(&g->all.sink, r);
	assert_int_equal(ledger_apply(g->ledger, r, NULL), 0);
	if (!file_ring_due(g->ring, g->now_ns))
		return 0;
	g->turns++;
	return file_ring_turn(g->ring, g->now_ns, ledger_put_checkpoint, g->ledger);
}

struct feeder {
	struct sink sink;
	struct rig *rig;
};

static int feed_put(struct sink *sink, const struct record *r)
{
	return put(((struct feeder *)sink)->rig, r);
}

static void feed(struct rig *g, const char *text)
{
	struct feeder f = {{.put = feed_put}, g};
	struct source *source = text_source_new(text, strlen(text));

	assert_int_equal(source->run(source, &f.sink), 0);
	source->free(source);
}

static struct record record_at(const struct rig *g, enum record_kind kind)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, TIME_NS, time_ns, BEGIN_NS + g->now_ns);
	return r;
}

/* One allocation or free, and a tick each hundred. */
static int step(struct rig *g, uint64_t number, size_t most)
{
	struct record r = record_at(g, number % 100 ? RECORD_ALLOC : RECORD_TICK);
	bool frees = g->living.nr >= most;

	if (r.kind == RECORD_TICK)
		return put(g, &r);
	RECORD_SET(&r, PROCESS, process, 1);
	RECORD_SET(&r, PID, pid, 4242);
	RECORD_SET(&r, ARENA, arena, 1);
	if (frees) {
		size_t i = (size_t)random_below(&g->random, g->living.nr);

		r.kind = RECORD_FREE;
		RECORD_SET(&r, ADDRESS, address, g->living.items[i]);
		g->living.items[i] = g->living.items[--g->living.nr];
	} else {
		RECORD_SET(&r, ADDRESS, address, 1 + number * 1000003 % 999999937);
		RECORD_SET(&r, RESERVED, reserved, 1 + random_below(&g->random, 1 << 20));
		vec_push(&g->living, r.address);
	}
	return put(g, &r);
}

/* The files of the ring that are there, and their bytes. */
static uint64_t bytes_of(const struct rig *g, size_t *ret_nr)
{
	DIR *dir = opendir(g->folder);
	uint64_t bytes = 0;
	struct stat st;

	*ret_nr = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (*e->d_name == '.')
			continue;
		assert_int_equal(fstatat(dirfd(dir), e->d_name, &st, 0), 0);
		bytes += (uint64_t)st.st_size;
		++*ret_nr;
	}
	closedir(dir);
	return bytes;
}

/* A recording read: the ledger that it makes, its records, those of checkpoints apart, and how it ended. */
struct played {
	struct sink sink;
	struct ledger *ledger;
	struct keeper records;
	uint64_t begin_ns;
	bool in_checkpoint;
	struct file_outcome outcome;
};

static int play_put(struct sink *sink, const struct record *r)
{
	struct played *p = (struct played *)sink;
	int err = ledger_apply(p->ledger, r, NULL);

	if (err)
		fail_msg("a %s is refused: %d", kind_descs[r->kind].name, err);
	if (!p->begin_ns)
		p->begin_ns = r->time_ns;
	if (r->kind == RECORD_CHECKPOINT)
		p->in_checkpoint = !strcmp(r->reason, "begin");
	else if (!p->in_checkpoint)
		keeper_put(&p->records.sink, r);
	return 0;
}

static struct played play(const char *path)
{
	struct played p = {.sink.put = play_put, .ledger = ledger_new()};
	struct source *source = NULL;
	struct diag d = {};
	int err;

	if (file_source_open(path, NULL, &source, &d))
		fail_msg("%s", d.text);
	err = source->run(source, &p.sink);
	p.outcome = *file_source_outcome(source);
	if (err)
		fail_msg("%s: %d: %s", path, err, p.outcome.problem);
	source->free(source);
	return p;
}

static void played_release(struct played *p)
{
	ledger_free(p->ledger);
	keeper_release(&p->records);
}

/* What was read are the last records that were put, and the ledger is that of all of them. */
static void assert_is_end_of(const struct played *p, const struct rig *g)
{
	size_t nr = p->records.records.nr, before = g->all.records.nr - nr;

	assert_true(nr <= g->all.records.nr);
	for (size_t i = 0; i < nr; i++)
		assert_same_record(&p->records.records.items[i], &g->all.records.items[before + i]);
	same_ledger(g->ledger, p->ledger);
}

static void finish(struct rig *g)
{
	struct diag d = {};
	size_t nr;

	assert_int_equal(file_ring_end(g->ring, &d), 0);
	if (file_ring_join(g->ring, &d))
		fail_msg("%s", d.text);
	bytes_of(g, &nr);
	assert_int_equal(nr, 1);
}

static void a_span_is_held_and_not_much_more(void **state)
{
	const uint64_t span = 1600 * MS, part = span / FILE_RING_PARTS;
	const struct file_ring_options o = {.span_ns = span};
	struct rig g;

	(void)state;
	rig_open(&g, &o);
	feed(&g, DEFINITIONS);
	for (uint64_t i = 0; i < 5000; i++) {
		struct file_ring_state s;

		g.now_ns += MS;
		assert_int_equal(step(&g, i, 211), 0);
		s = file_ring_state(g.ring, g.now_ns);
		assert_true(s.held_ns >= (g.now_ns < span ? g.now_ns : span));
		assert_true(s.held_ns <= span + part + 2 * MS);
		assert_false(s.disk_full || s.too_small);
	}
	assert_true(g.turns >= 5000 * MS / part - 1);
	finish(&g);

	struct played p = play(g.path);

	assert_false(p.outcome.cut);
	assert_true(BEGIN_NS + g.now_ns - p.begin_ns >= span);
	assert_true(BEGIN_NS + g.now_ns - p.begin_ns <= span + part + 2 * MS);
	assert_is_end_of(&p, &g);
	played_release(&p);
	rig_close(&g);
}

static void a_ring_that_was_never_full_is_the_whole_recording(void **state)
{
	const struct file_ring_options o = {.span_ns = 1000000 * MS, .bytes = 64 << 20};
	struct rig g;

	(void)state;
	rig_open(&g, &o);
	feed(&g, DEFINITIONS);
	for (uint64_t i = 0; i < 1000; i++, g.now_ns += MS) {
		assert_int_equal(step(&g, i, 31), 0);
		/* As a trigger does. */
		if (i % 97 == 0)
			assert_int_equal(file_ring_turn(g.ring, g.now_ns, ledger_put_checkpoint, g.ledger), 0);
	}
	finish(&g);

	struct played p = play(g.path);

	assert_int_equal(p.records.records.nr, g.all.records.nr);
	assert_is_end_of(&p, &g);
	played_release(&p);
	rig_close(&g);
}

static void its_files_never_take_more_than_its_size(void **state)
{
	static const struct {
		uint64_t bytes;
		size_t living;
	} cases[] = {{FILE_RING_LEAST, 101}, {FILE_RING_LEAST, 7001}, {1 << 20, 20011}};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		const struct file_ring_options o = {.bytes = cases[c].bytes};
		uint64_t most = 0, bytes;
		struct played p;
		struct rig g;
		size_t nr;

		rig_open(&g, &o);
		feed(&g, DEFINITIONS);
		for (uint64_t i = 0; i < 300000; i++) {
			g.now_ns += MS / 100;
			assert_int_equal(step(&g, i, cases[c].living), 0);
			if (i % 512)
				continue;
			bytes = bytes_of(&g, &nr);
			most = bytes > most ? bytes : most;
		}
		assert_true(g.turns > 8);
		assert_true(most <= o.bytes && most > o.bytes / 2);
		finish(&g);
		assert_true(bytes_of(&g, &nr) <= o.bytes);
		p = play(g.path);
		assert_is_end_of(&p, &g);
		played_release(&p);
		rig_close(&g);
	}
}

static void each_part_can_be_read_whenever_the_writer_dies(void **state)
{
	const struct file_ring_options o = {.span_ns = 400 * MS};
	struct rig g;

	(void)state;
	rig_open(&g, &o);
	feed(&g, DEFINITIONS);
	for (uint64_t i = 0, turns = 0; i < 2000; i++, g.now_ns += MS) {
		uint64_t last_ns = 0;

		assert_int_equal(step(&g, i, 53), 0);
		if (g.turns == turns)
			continue;
		turns = g.turns;
		for (uint64_t n = 1; n <= turns + 1; n++) {
			char path[128];
			struct played p;

			snprintf(path, sizeof(path), n <= turns ? "%s.%llu" : "%s", g.path, (unsigned long long)n);
			if (access(path, F_OK))
				continue;
			p = play(path);
			/* Without a gap between two. */
			assert_true(!last_ns || p.begin_ns == last_ns);
			assert_int_equal(p.outcome.cut, n > turns);
			last_ns = p.ledger->time_ns;
			if (n > turns)
				same_ledger(g.ledger, p.ledger);
			played_release(&p);
		}
		assert_int_equal(last_ns, g.ledger->time_ns);
	}
	rig_close(&g);
}

static void parts_that_are_read_outlive_their_names(void **state)
{
	const struct file_ring_options o = {.span_ns = 100 * MS};
	struct file_join *j = NULL;
	file_ring_fds fds = {};
	struct keeper then = {};
	struct rig g;
	char path[128];

	(void)state;
	rig_open(&g, &o);
	feed(&g, DEFINITIONS);
	for (uint64_t i = 0; i < 500; i++, g.now_ns += MS)
		assert_int_equal(step(&g, i, 53), 0);
	assert_int_equal(file_ring_turn(g.ring, g.now_ns, ledger_put_checkpoint, g.ledger), 0);
	assert_int_equal(file_ring_open_parts(g.ring, &fds, NULL), 0);
	assert_true(fds.nr > 4);
	for (size_t i = 0; i < g.all.records.nr; i++)
		keeper_put(&then.sink, &g.all.records.items[i]);
	for (uint64_t i = 500; i < 1000; i++, g.now_ns += MS)
		assert_int_equal(step(&g, i, 53), 0);
	snprintf(path, sizeof(path), "%s/moment.pt", g.folder);
	assert_int_equal(file_join_new(open(path, O_RDWR | O_CREAT, 0600), path, &j, NULL), 0);
	for (size_t i = 0; i < fds.nr; i++) {
		assert_int_equal(file_join_add(j, fds.items[i], "part", NULL), 0);
		close(fds.items[i]);
	}
	assert_int_equal(file_join_end(j, NULL), 0);

	struct played p = play(path);
	size_t nr = p.records.records.nr;

	assert_true(nr >= 100 && nr < then.records.nr);
	for (size_t i = 0; i < nr; i++)
		assert_same_record(&p.records.records.items[i], &then.records.items[then.records.nr - nr + i]);
	played_release(&p);
	keeper_release(&then);
	vec_release(&fds);
	rig_close(&g);
}

static void what_has_no_room_in_it_is_an_error(void **state)
{
	const struct file_ring_options o = {.bytes = FILE_RING_LEAST};
	struct diag d = {};
	struct rig g;
	int err = 0;

	(void)state;
	rig_open(&g, &o);
	feed(&g, DEFINITIONS);
	for (uint64_t i = 1; i < 300000 && !err; i++)
		err = step(&g, i, SIZE_MAX);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(file_ring_end(g.ring, &d), -EFBIG);
	assert_string_equal(d.text, "the ring is too small: each of its parts begins with all that is allocated, which has no room");
	assert_string_equal(d.hint, "a larger size for --ring");
	rig_close(&g);
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool is_there(const char *folder, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return !access(path, F_OK);
}

static void what_is_there_is_kept_or_removed_when_told(void **state)
{
	const struct file_ring_options keep = {.span_ns = MS}, force = {.span_ns = MS, .force = true};
	struct file_ring *ring = NULL;
	char folder[] = "/tmp/pooltrace-ring-XXXXXX", path[80];
	struct diag d = {};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/run.pt", folder);
	write_file(folder, "run.pt.7", "POOLTRACE\n...");
	write_file(folder, "run.pt.8", "mine");
	write_file(folder, "run.pt.9x", "POOLTRACE\n...");
	write_file(folder, "run.pt.", "POOLTRACE\n...");
	assert_int_equal(file_ring_open(path, &keep, 0, &ring, &d), -EEXIST);
	assert_non_null(strstr(d.text, "run.pt.7' is left of one that was not ended"));
	assert_true(is_there(folder, "run.pt.7") && !is_there(folder, "run.pt"));
	assert_int_equal(file_ring_open(path, &force, 0, &ring, &d), 0);
	assert_false(is_there(folder, "run.pt.7"));
	assert_true(is_there(folder, "run.pt.8") && is_there(folder, "run.pt.9x") && is_there(folder, "run.pt."));
	file_ring_free(ring);
	assert_int_equal(file_ring_open(path, &keep, 0, &ring, &d), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_ring_open(path, &force, 0, &ring, &d), -EINVAL);
	assert_true(is_there(folder, "run.pt"));
	snprintf(path, sizeof(path), "%s/none/run.pt", folder);
	assert_int_equal(file_ring_open(path, &keep, 0, &ring, &d), -ENOENT);
	remove_folder(folder);
}

static void a_name_that_somebody_took_is_passed_over(void **state)
{
	const struct file_ring_options o = {.span_ns = 800 * MS};
	struct rig g;

	(void)state;
	rig_open(&g, &o);
	feed(&g, DEFINITIONS);
	write_file(g.folder, "run.pt.1", "mine");
	for (uint64_t i = 0; i < 500; i++, g.now_ns += MS)
		assert_int_equal(step(&g, i, 53), 0);
	assert_true(is_there(g.folder, "run.pt.2"));
	assert_int_equal(file_ring_end(g.ring, NULL), 0);
	assert_int_equal(file_ring_join(g.ring, NULL), 0);
	assert_true(is_there(g.folder, "run.pt.1") && !is_there(g.folder, "run.pt.2"));
	rig_close(&g);
}

/* A small recording, or its first @len bytes. */
static int recording_of(const char *text, size_t len)
{
	static const struct file_header header = {"1.2.3", "host", "6.1", BEGIN_NS, 12345};
	struct source *source = text_source_new(text, strlen(text));
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct sink *sink = NULL;

	assert_true(fd >= 0);
	assert_int_equal(file_sink_new(dup(fd), "x.pt", &header, &sink, NULL), 0);
	assert_int_equal(source->run(source, sink), 0);
	source->free(source);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	if (len)
		assert_int_equal(ftruncate(fd, (off_t)len), 0);
	return fd;
}

static uint64_t records_in(int fd, int *ret_err)
{
	struct source *source = NULL;
	struct keeper k = {.sink.put = keeper_put};
	uint64_t nr;

	lseek(fd, 0, SEEK_SET);
	assert_int_equal(file_source_new(dup(fd), "x.pt", NULL, &source, NULL), 0);
	*ret_err = source->run(source, &k.sink);
	if (!*ret_err && file_source_outcome(source)->cut)
		*ret_err = -ENODATA;
	source->free(source);
	nr = k.records.nr;
	keeper_release(&k);
	return nr;
}

static void what_cannot_be_joined_leaves_the_rest_whole(void **state)
{
	int first = recording_of("tick time_ns=1\n", 0), second = recording_of("tick time_ns=2\ntick time_ns=3\n", 0);
	off_t size = lseek(second, 0, SEEK_END);
	int cut = recording_of("tick time_ns=4\n", (size_t)size / 2), header = recording_of("tick time_ns=4\n", 20), err;
	struct file_join *j = NULL;
	struct diag d = {};

	(void)state;
	assert_int_equal(file_join_new(dup(first), "first", &j, &d), 0);
	assert_int_equal(file_join_add(j, header, "header.pt", &d), -EBADMSG);
	assert_int_equal(pwrite(header, "this is nothing of ours, whatever its length may be", 51, 0), 51);
	assert_int_equal(file_join_add(j, header, "no\tne", &d), -EBADMSG);
	assert_string_equal(d.text, "'no\\x09ne': is not a recording");
	assert_int_equal(file_join_add(j, second, "second", &d), 0);
	/* Up to where it is cut. */
	assert_int_equal(file_join_add(j, cut, "cut", &d), 0);
	assert_int_equal(file_join_end(j, &d), 0);
	assert_int_equal(records_in(first, &err), 3);
	assert_int_equal(err, 0);
	assert_int_equal(file_join_new(dup(header), "header", &j, &d), -EBADMSG);
	close(first);
	close(second);
	close(cut);
	close(header);
}

/* ---- how large a file may become ---- */

static void a_recording_is_never_larger_than_was_said(void **state)
{
	static const struct file_header header = {"1.2.3", "host", "6.1", BEGIN_NS, 12345};
	struct random random = {99};

	(void)state;
	for (int round = 0; round < 200; round++) {
		int fd = memfd_create("recording", MFD_CLOEXEC);
		struct sink *sink = NULL;
		uint64_t bound = 0;

		assert_int_equal(file_sink_new(dup(fd), "x.pt", &header, &sink, NULL), 0);
		for (uint64_t nr = random_below(&random, 200); nr; nr--) {
			struct record r = random_record(&random);

			/* Times of one second: nothing is written but by the flush. */
			RECORD_SET(&r, TIME_NS, time_ns, BEGIN_NS + nr);
			bound = file_sink_bound(sink, &r);
			assert_int_equal(sink_put(sink, &r), 0);
			assert_true(file_sink_bound(sink, NULL) <= bound);
			if (random_below(&random, 50) == 0)
				assert_int_equal(file_sink_flush(sink), 0);
			record_release(&r);
		}
		bound = file_sink_bound(sink, NULL);
		assert_int_equal(file_sink_close(sink, NULL), 0);
		assert_true((uint64_t)lseek(fd, 0, SEEK_END) <= bound);
		close(fd);
	}
}

struct limit {
	struct file_room room;
	uint64_t bytes, refused;
};

static int ask(struct file_room *room, uint64_t bytes, bool full)
{
	struct limit *l = (struct limit *)room;

	assert_false(full);
	l->refused += bytes > l->bytes;
	return bytes > l->bytes ? -EFBIG : 0;
}

static void a_checkpoint_without_room_is_left_out(void **state)
{
	static const struct file_header header = {"1.2.3", "host", "6.1", BEGIN_NS, 12345};
	int fd = memfd_create("recording", MFD_CLOEXEC), err;
	struct limit limit = {.room.ask = ask, .bytes = 8192};
	struct record tick = {.kind = RECORD_TICK};
	struct ledger *l = ledger_new();
	struct sink *sink = NULL;
	struct rig g = {.random.state = 5, .ledger = l};

	(void)state;
	assert_int_equal(file_sink_new(dup(fd), "x.pt", &header, &sink, NULL), 0);
	file_sink_set_room(sink, &limit.room);
	RECORD_SET(&tick, TIME_NS, time_ns, BEGIN_NS);
	assert_int_equal(sink_put(sink, &tick), 0);
	for (int i = 0; i < 3000; i++) {
		struct record r = {.kind = RECORD_PROBE};
		_cleanup_(freep) char *name = xasprintf("probe-%llx", (unsigned long long)random_next(&g.random));

		RECORD_SET(&r, TIME_NS, time_ns, BEGIN_NS);
		RECORD_SET(&r, PROBE, probe, name);
		RECORD_SET(&r, SEEN, seen, random_next(&g.random));
		RECORD_SET(&r, COUNT, count, 1);
		assert_int_equal(ledger_apply(l, &r, NULL), 0);
	}
	assert_int_equal(file_sink_checkpoint(sink, ledger_put_checkpoint, l), -EFBIG);
	assert_true(limit.refused > 0);
	assert_int_equal(file_sink_checkpoint_bytes(sink), 0);
	assert_int_equal(sink_put(sink, &tick), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	assert_true(lseek(fd, 0, SEEK_END) <= 8192);
	assert_int_equal(records_in(fd, &err), 2);
	assert_int_equal(err, 0);
	close(fd);
	ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_held_and_not_much_more),
		cmocka_unit_test(a_ring_that_was_never_full_is_the_whole_recording),
		cmocka_unit_test(its_files_never_take_more_than_its_size),
		cmocka_unit_test(each_part_can_be_read_whenever_the_writer_dies),
		cmocka_unit_test(parts_that_are_read_outlive_their_names),
		cmocka_unit_test(what_has_no_room_in_it_is_an_error),
		cmocka_unit_test(what_is_there_is_kept_or_removed_when_told),
		cmocka_unit_test(a_name_that_somebody_took_is_passed_over),
		cmocka_unit_test(what_cannot_be_joined_leaves_the_rest_whole),
		cmocka_unit_test(a_recording_is_never_larger_than_was_said),
		cmocka_unit_test(a_checkpoint_without_room_is_left_out),
	};

	return cmocka_run_group_tests_name("file_ring", tests, NULL, NULL);
}
