/* target/driver.h: what graphics drivers say in /proc/PID/fdinfo. */
#include "target/driver.h"

#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool parse(const char *text, struct drm_client *ret)
{
	/* Not terminated: what lies behind it is nobody's. */
	size_t len = strlen(text);
	_cleanup_(freep) char *bytes = xmalloc(len ? len : 1);

	memcpy(bytes, text, len);
	return drm_parse(bytes, len, ret);
}

static void a_client_has_a_driver_a_number_and_regions(void **state)
{
	struct drm_client c;

	(void)state;
	assert_true(parse("pos:\t0\nflags:\t02100002\ndrm-driver:\tmsm\ndrm-client-id:\t18446744073709551615\ndrm-pdev:\t0000:00:02.0\n"
			  "drm-total-memory:\t13 MiB\ndrm-shared-memory:\t1 MiB\ndrm-active-memory:\t0\n"
			  "drm-resident-memory: 12345 KiB\ndrm-purgeable-memory:\t0\ndrm-total-stolen-local0:\t4096\n"
			  "drm-memory-stolen-local0:  7 GiB  \n", &c));
	assert_string_equal(c.driver, "msm");
	assert_string_equal(c.device, "0000:00:02.0");
	assert_true(c.has_id && c.id == UINT64_MAX);
	assert_int_equal(c.nr_regions, 2);
	assert_string_equal(c.region[0].name, "memory");
	assert_true(c.region[0].has[DRM_TOTAL] && c.region[0].bytes[DRM_TOTAL] == 13 << 20);
	assert_true(c.region[0].has[DRM_RESIDENT] && c.region[0].bytes[DRM_RESIDENT] == 12345 << 10);
	assert_false(c.region[0].has[DRM_MEMORY]);
	assert_string_equal(c.region[1].name, "stolen-local0");
	assert_int_equal(c.region[1].bytes[DRM_TOTAL], 4096);
	assert_true(c.region[1].bytes[DRM_MEMORY] == 7ULL << 30);
}

static void what_is_no_memory_is_not_taken_for_it(void **state)
{
	static const char *const others[] = {
		"drm-total-cycles-rcs:\t123\n",	  "drm-engine-render:\t99 ns\n", "drm-maxfreq-render:\t1 Hz\n",
		"drm-total-vram:\t5 ns\n",	  "drm-total-vram:\t\n",	 "drm-total-vram:\t-5\n",
		"drm-total-vram:\t5KiBs\n",	  "drm-total-:\t5\n",		 "drm-total-vram\t5\n",
		"drm-total-vram:\t0x10\n",	  "amd-requested-vram:\t7 KiB\n", " drm-total-vram:\t5\n",
		"drm-total-vram:\t18446744073709551616\n", "drm-total-vram:\t18446744073709551615 KiB\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_(freep) char *text = xasprintf("drm-driver: x\n%s", others[i]);
		struct drm_client c;

		assert_true(parse(text, &c));
		assert_int_equal(c.nr_regions, 0);
	}
}

static void a_file_of_another_kind_is_no_client(void **state)
{
	static const char *const others[] = {"", "\n\n", "pos:\t0\nflags:\t02\n", "drm-driver:\n", "drm-driver", "drm-client-id:\t1\n",
					     "eventfd-count: 0\n", ":", "drm-driver:   \t \n"};
	struct drm_client c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(parse(others[i], &c));
	/* No number: it cannot be told from itself. */
	assert_true(parse("drm-driver: x\ndrm-client-id: seven\n", &c));
	assert_false(c.has_id);
	assert_true(parse("drm-driver: x\ndrm-client-id: 7 or 8\n", &c));
	assert_false(c.has_id);
}

static void more_than_there_is_room_for_is_left_out(void **state)
{
	_cleanup_(str_release) struct str text = {};
	char name[2 * DRM_TEXT] = {};
	struct drm_client c;

	(void)state;
	memset(name, 'r', sizeof(name) - 1);
	str_addf(&text, "drm-driver: x\ndrm-pdev: %s\ndrm-total-%s: 1\n", name, name);
	for (int i = 0; i < 2 * DRM_REGIONS; i++)
		str_addf(&text, "drm-total-r%d: %d\n", i, i + 1);
	assert_true(parse(str_text(&text), &c));
	assert_string_equal(c.device, "");
	assert_int_equal(c.nr_regions, DRM_REGIONS);
	for (int i = 0; i < DRM_REGIONS; i++)
		assert_int_equal(c.region[i].bytes[DRM_TOTAL], i + 1);
}

static void figures_of_the_same_names_are_summed(void **state)
{
	driver_uses uses = {};
	struct driver_use use = {"d", "0", "vram", "total", 5};

	(void)state;
	driver_uses_add(&uses, &use);
	use.bytes = 7;
	driver_uses_add(&uses, &use);
	use.device = "1";
	driver_uses_add(&uses, &use);
	use.region = "";
	driver_uses_add(&uses, &use);
	use.source = "resident";
	driver_uses_add(&uses, &use);
	assert_int_equal(uses.nr, 4);
	assert_int_equal(uses.items[0].bytes, 12);
	assert_int_equal(uses.items[1].bytes, 7);
	driver_uses_release(&uses);
}

static void a_process_without_such_files_has_none_and_one_that_is_gone_is_told(void **state)
{
	driver_uses uses = {};

	(void)state;
	assert_int_equal(drm_uses(getpid(), &uses), 0);
	assert_int_equal(uses.nr, 0);
	assert_int_equal(drm_uses(INT32_MAX, &uses), -ESRCH);
	driver_uses_release(&uses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_has_a_driver_a_number_and_regions),
		cmocka_unit_test(what_is_no_memory_is_not_taken_for_it),
		cmocka_unit_test(a_file_of_another_kind_is_no_client),
		cmocka_unit_test(more_than_there_is_room_for_is_left_out),
		cmocka_unit_test(figures_of_the_same_names_are_summed),
		cmocka_unit_test(a_process_without_such_files_has_none_and_one_that_is_gone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
