/* git's delta format (gitformat-pack(5)): check it, apply it, tell what it changes. No Python in here: the fuzzer links it alone. */
#ifndef TROTH_DELTA_H
#define TROTH_DELTA_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t low, high;
} Range; /* half-open, in bytes of the result */

typedef struct {
    Range *items;
    size_t count, room;
} Ranges;

void troth_ranges_free(Ranges *ranges);

/* Read the two sizes of a delta's header; returns where its operations begin, or 0 where the header is damaged. */
size_t troth_delta_sizes(const uint8_t *delta, size_t length, uint64_t *base, uint64_t *result);

/* Walk through the operations that begin at `start` and check every one of them.
   With `ranges`, also collect which parts of the result the base does not have as they stand, widened by `margin` (delta.changed in Python).
   Returns 0; -1 where the delta is damaged or does not make exactly `size` bytes; -2 where memory ran out. */
int troth_delta_check(const uint8_t *delta, size_t length, size_t start, uint64_t base_size, uint64_t size, int64_t margin, Ranges *ranges);

/* Apply a delta that `troth_delta_check` found to be good for this base. Checks all the same; returns 0 or -1. */
int troth_delta_apply(const uint8_t *base, size_t base_size, const uint8_t *delta, size_t length, size_t start, uint8_t *out, size_t size);

/* Write what a delta that was found to be good makes within some ranges (ascending, disjoint, within its result), each followed by a line feed.
   `out` has room for all of them. Returns 0, or -1 where the delta is damaged after all; never more is written than the ranges are long. */
int troth_delta_windows(const uint8_t *base, size_t base_size, const uint8_t *delta, size_t length, size_t start, const Ranges *ranges, uint8_t *out);

#endif
