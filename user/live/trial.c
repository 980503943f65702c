#include "live/trial.h"

#include "base/units.h"
#include "live/kernel.h"
#include "live/links.h"
#include "live/sites.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CALLS = 7,
	ROUNDS = 11,	   /* of which the median counts */
	ROUND_CALLS = 50, /* 600 us where each is single-stepped in a virtual machine */
	WARM_UP = 50,
};

struct receiver {
	unsigned int hits;
};

/* A hit is ours if it carries the argument that we gave; each call has another. */
static int receive(void *context, const struct wire_hit *hit)
{
	struct receiver *r = context;

	r->hits += hit->spec == WIRE_FIRST_ROW && (hit->valid & 1) && hit->value[0] == r->hits + 1;
	return 0;
}

static int hit_ourselves(struct kernel *k, struct trial *t)
{
	const struct wire_spec spec = {.nr_values = 1, .value = {{.base = WIRE_ARG0}}};
	struct probe_site site = {.spec = WIRE_FIRST_ROW};
	struct receiver r = {};
	link_fds links = {};
	int err = site_offset(&sites[0], &site.file_offset);

	if (err)
		return diag_errno(&t->why, err, "cannot find our own code in /proc/self/maps");
	err = kernel_set_spec(k, WIRE_FIRST_ROW, &spec);
	if (!err)
		err = kernel_arm(k, getpid(), 0);
	if (err)
		return diag_errno(&t->why, err, "cannot set up a probe");
	err = kernel_attach(k, SITES_PATH, getpid(), &site, 1, &links, &t->why);
	for (t->calls = 0; !err && t->calls < CALLS;)
		sites[0].call(++t->calls);
	if (!err && kernel_drain(k, receive, &r))
		err = diag_set(&t->why, -EIO, "cannot read the ring buffer");
	t->hits = r.hits;
	kernel_disarm(k, getpid());
	kernel_detach(&links);
	return err;
}

void trial_run(struct trial *ret)
{
	const struct kernel_options options = {.mode = ATTACH_AUTO, .held_fd = -1};
	struct trial t = {};
	struct kernel *k = NULL;

	t.err = kernel_new(&options, &k, &t.why);
	if (!t.err) {
		t.multi = kernel_mode(k) == ATTACH_MULTI;
		t.err = hit_ourselves(k, &t);
	}
	kernel_free(k);
	*ret = t;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Median time of a call, in units of 1/1024 ns. */
static uint64_t time_calls(const struct site *site)
{
	uint64_t rounds[ROUNDS];

	for (unsigned int i = 0; i < WARM_UP; i++)
		site->call(0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t start = units_monotonic_ns();

		for (unsigned int k = 0; k < ROUND_CALLS; k++)
			site->call(0);
		rounds[i] = (units_monotonic_ns() - start) * 1024 / ROUND_CALLS;
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	return rounds[ROUNDS / 2];
}

/* The program does nothing: what remains is the way there and back. */
static int link_empty(const struct probe_site *place, bool multi, link_fds *links)
{
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, options);
	int program, err;

	if (multi)
		options.expected_attach_type = (enum bpf_attach_type)LINK_UPROBE_MULTI;
	program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "pt_empty", "Dual BSD/GPL", nothing, ARRAY_SIZE(nothing), &options);
	if (program < 0)
		return program;
	err = multi ? links_multi(links_at_entry(program), SITES_PATH, getpid(), place, 1, links) :
		      links_single(links_at_entry(program), SITES_PATH, getpid(), place, 1, links);
	close(program);
	return err;
}

const char *trial_mnemonic(const char *instruction, bool emulated)
{
	return site_for(instruction, emulated)->instruction;
}

void trial_cost(const char *instruction, bool emulated, struct hit_cost *ret)
{
	const struct site *site = site_for(instruction, emulated);
	uint64_t without = time_calls(site), with = 0;
	struct probe_site place = {};
	link_fds links = {};

	if (!site_offset(site, &place.file_offset) &&
	    (!link_empty(&place, true, &links) || !link_empty(&place, false, &links)))
		with = time_calls(site);
	kernel_detach(&links);
	*ret = (struct hit_cost){
		.instruction = site->instruction,
		.emulated = site->emulated,
		.ns = with > without ? (with - without) / 1024 : 0,
	};
}
