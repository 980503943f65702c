/*
 * Fuzzer of what graphics drivers say of a file (libFuzzer): whatever it is, names are whole texts and figures are of a region that
 * has one. Corpus: tests/fuzz/corpus/fdinfo.
 */
#include "target/driver.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_text(const char text[DRM_TEXT])
{
	if (!memchr(text, '\0', DRM_TEXT))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct drm_client c;
	bool is_one = drm_parse((const char *)bytes, len, &c);

	check_text(c.driver);
	check_text(c.device);
	if (is_one != (c.driver[0] != '\0') || c.nr_regions > DRM_REGIONS)
		abort();
	for (size_t i = 0; i < c.nr_regions; i++) {
		check_text(c.region[i].name);
		if (!c.region[i].name[0])
			abort();
	}
	return 0;
}
