/* Numbers as people write and read them. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/str.h"

#define NS_PER_SEC 1000000000ULL
#define NS_PER_MS 1000000ULL

/* "7.93 GiB", "12.0 KiB", "64 B": three significant digits, binary units. */
void units_add_bytes(struct str *s, uint64_t bytes);
/* "3 min 12 s", "450 ms", "2 h 5 min", "4 d 3 h": the two largest units. */
void units_add_duration(struct str *s, uint64_t ns);
/* How long something took as a whole: "3.9 s", to the nearest tenth below a minute; else as units_add_duration(). */
void units_add_span(struct str *s, uint64_t ns);
/* As it is typed: "500ms", "2s", "1.5s", "1min" (the shortest text that units_parse_duration() reads back). */
void units_add_interval(struct str *s, uint64_t ns);
/* UTC, RFC 3339 with nanoseconds cut to milliseconds: "2026-11-22T12:00:00.123Z". */
void units_add_time(struct str *s, uint64_t time_ns);
/* Local time of day for the log: "12:00:00.123456". */
void units_add_clock(struct str *s, uint64_t time_ns);
/* Local date: "2026-11-22". */
void units_add_date(struct str *s, uint64_t time_ns);

/* "500ms", "2", "1.5s", "3min", "1h": a bare number is seconds. -EINVAL, -ERANGE. Zero is -EINVAL. */
int units_parse_duration(const char *text, uint64_t *ret_ns);
/* As units_parse_duration(), but zero is a time as well. */
int units_parse_span(const char *text, uint64_t *ret_ns);
/* "1G", "1.5 GiB", "64K", "4096": binary units, K and KiB are the same. -EINVAL, -ERANGE. Zero is -EINVAL. */
int units_parse_size(const char *text, uint64_t *ret_bytes);
/* The power of two that a unit of bytes stands for: 20 for "M" or "mib", 0 for "B"; -1: it is none. */
int units_size_power(const char *unit, size_t len);
/* A decimal number that fits, nothing before or behind it. -EINVAL, -ERANGE. */
int units_parse_number(const char *text, uint64_t max, uint64_t *ret);

/* Now, in nanoseconds: the wall clock, and the monotonic clock that BPF's ktime reads. */
uint64_t units_wall_ns(void);
uint64_t units_monotonic_ns(void);

#endif
