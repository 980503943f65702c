#include "target/driver.h"

#include "base/str.h"
#include "base/units.h"
#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FDINFO_MAX = 1 << 14 };

/* Prefixes of keys, by enum drm_figure. */
static const char *const figures[] = {[DRM_TOTAL] = "drm-total-", [DRM_RESIDENT] = "drm-resident-", [DRM_MEMORY] = "drm-memory-"};

static const struct {
	const char *name;
	unsigned int shift;
} units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};

void driver_uses_release(driver_uses *uses)
{
	for (size_t i = 0; i < uses->nr; i++) {
		free(uses->items[i].driver);
		free(uses->items[i].device);
		free(uses->items[i].region);
		free(uses->items[i].source);
	}
	vec_release(uses);
}

void driver_uses_add(driver_uses *uses, const struct driver_use *use)
{
	for (size_t i = 0; i < uses->nr; i++) {
		struct driver_use *u = &uses->items[i];

		if (strcmp(u->driver, use->driver) || strcmp(u->device, use->device) || strcmp(u->region, use->region) ||
		    strcmp(u->source, use->source))
			continue;
		u->bytes += use->bytes;
		return;
	}
	vec_push(uses, ((struct driver_use){.driver = xstrdup(use->driver),
					    .device = xstrdup(use->device),
					    .region = xstrdup(use->region),
					    .source = xstrdup(use->source),
					    .bytes = use->bytes}));
}

/* A part of a line. */
struct span {
	const char *p;
	size_t len;
};

static bool starts_with(struct span s, const char *prefix)
{
	return s.len >= strlen(prefix) && !memcmp(s.p, prefix, strlen(prefix));
}

static bool is(struct span s, const char *text)
{
	return s.len == strlen(text) && starts_with(s, text);
}

static bool copy(char to[DRM_TEXT], struct span from)
{
	if (!from.len || from.len >= DRM_TEXT || memchr(from.p, '\0', from.len))
		return false;
	memcpy(to, from.p, from.len);
	to[from.len] = '\0';
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.len && is_blank(*s.p)) {
		s.p++;
		s.len--;
	}
	while (s.len && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* Digits at the begin of @s, which are taken off. */
static bool take_number(struct span *s, uint64_t *ret)
{
	size_t nr = 0;
	uint64_t value = 0;

	for (; nr < s->len && s->p[nr] >= '0' && s->p[nr] <= '9'; nr++)
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(s->p[nr] - '0'), &value))
			return false;
	s->p += nr;
	s->len -= nr;
	*ret = value;
	return nr;
}

static bool parse_bytes(struct span s, uint64_t *ret)
{
	if (!take_number(&s, ret))
		return false;
	s = trim(s);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (is(s, units[i].name))
			return !__builtin_mul_overflow(*ret, 1ULL << units[i].shift, ret);
	return false;
}

static struct drm_region *find_region(struct drm_client *c, struct span name)
{
	char text[DRM_TEXT];

	if (!copy(text, name))
		return NULL;
	for (size_t i = 0; i < c->nr_regions; i++)
		if (!strcmp(c->region[i].name, text))
			return &c->region[i];
	if (c->nr_regions == DRM_REGIONS)
		return NULL;
	memcpy(c->region[c->nr_regions].name, text, sizeof(text));
	return &c->region[c->nr_regions++];
}

static void take_region(struct drm_client *c, struct span key, struct span value)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		struct span name = {key.p + strlen(figures[i]), key.len - strlen(figures[i])};
		struct drm_region *region;
		uint64_t bytes;

		/* "drm-total-cycles-ENGINE" counts something else. */
		if (!starts_with(key, figures[i]) || starts_with(name, "cycles-") || !parse_bytes(value, &bytes))
			continue;
		region = find_region(c, name);
		if (!region)
			return;
		region->bytes[i] = bytes;
		region->has[i] = true;
	}
}

static void take_line(struct drm_client *c, struct span line)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct span key, value;

	if (!colon)
		return;
	key = (struct span){line.p, (size_t)(colon - line.p)};
	value = trim((struct span){colon + 1, line.len - key.len - 1});
	if (is(key, "drm-driver"))
		copy(c->driver, value);
	else if (is(key, "drm-pdev"))
		copy(c->device, value);
	else if (is(key, "drm-client-id"))
		c->has_id = take_number(&value, &c->id) && !value.len;
	else
		take_region(c, key, value);
}

bool drm_parse(const char *text, size_t len, struct drm_client *ret)
{
	*ret = (struct drm_client){};
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		take_line(ret, (struct span){text, line});
		text += line + (end != NULL);
		len -= line + (end != NULL);
	}
	return ret->driver[0];
}

static void add_region(driver_uses *uses, struct drm_client *c, struct drm_region *region)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		_cleanup_(freep) char *source = NULL;

		if (!region->has[i])
			continue;
		source = xasprintf("%s%s", figures[i], region->name);
		driver_uses_add(uses, &(struct driver_use){.driver = c->driver, .device = c->device, .region = region->name,
							   .source = source, .bytes = region->bytes[i]});
		return;
	}
}

typedef VEC(struct drm_client) clients;

/* One that has no number cannot be told from itself, opened again. */
static bool is_new(const clients *all, const struct drm_client *c)
{
	for (size_t i = 0; i < all->nr; i++) {
		const struct drm_client *a = &all->items[i];

		if (a->id == c->id && !strcmp(a->driver, c->driver) && !strcmp(a->device, c->device))
			return false;
	}
	return c->has_id;
}

static void look_at(int folder, const char *name, char *text, clients *all)
{
	_cleanup_(closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, FDINFO_MAX);
	struct drm_client c;

	if (n > 0 && drm_parse(text, (size_t)n, &c) && is_new(all, &c))
		vec_push(all, c);
}

int drm_uses(int pid, driver_uses *ret)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/fdinfo", pid), *text = xmalloc(FDINFO_MAX);
	DIR *folder = opendir(path);
	clients all = {};

	if (!folder)
		return errno == ENOENT ? -ESRCH : -errno;
	for (struct dirent *e; (e = readdir(folder));)
		if (e->d_name[0] != '.')
			look_at(dirfd(folder), e->d_name, text, &all);
	closedir(folder);
	for (size_t i = 0; i < all.nr; i++)
		for (size_t k = 0; k < all.items[i].nr_regions; k++)
			add_region(ret, &all.items[i], &all.items[i].region[k]);
	vec_release(&all);
	return 0;
}
