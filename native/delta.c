#include "delta.h"

#include <stdlib.h>
#include <string.h>

#define LONG_COPY 0x10000u

typedef struct {
    uint64_t offset, count;
    const uint8_t *text; /* of an insertion; NULL for a copy */
    int from_start;      /* a copy that writes no offset: it begins where the base does */
} Operation;

static size_t number_at(const uint8_t *delta, size_t length, size_t at, uint64_t *number)
{
    uint64_t value = 0;
    int beyond = 0; /* more than 64 bits: larger than any limit, whatever it is */
    for (unsigned shift = 0; at < length && shift <= 63; shift += 7) {
        uint8_t byte = delta[at++];
        if (shift == 63 && (byte & 0x7E))
            beyond = 1;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *number = beyond ? UINT64_MAX : value;
            return at;
        }
    }
    return 0;
}

size_t troth_delta_sizes(const uint8_t *delta, size_t length, uint64_t *base, uint64_t *result)
{
    size_t at = number_at(delta, length, 0, base);
    return at ? number_at(delta, length, at, result) : 0;
}

/* The operation at `at`; returns where the next one begins, or 0 where it is cut short or reserved. */
static inline size_t operation_at(const uint8_t *delta, size_t length, size_t at, Operation *found)
{
    uint8_t op = delta[at++];
    if (op < 0x80) {
        if (!op || length - at < op)
            return 0;
        found->text = delta + at;
        found->offset = 0;
        found->count = op;
        found->from_start = 0;
        return at + op;
    }
    uint64_t offset = 0, count = 0;
    for (unsigned bit = 0; bit < 4; bit++)
        if (op & 1u << bit) {
            if (at == length)
                return 0;
            offset |= (uint64_t)delta[at++] << 8 * bit;
        }
    for (unsigned bit = 0; bit < 3; bit++)
        if (op & 0x10u << bit) {
            if (at == length)
                return 0;
            count |= (uint64_t)delta[at++] << 8 * bit;
        }
    found->text = NULL;
    found->offset = offset;
    found->count = count ? count : LONG_COPY;
    found->from_start = !(op & 15);
    return at;
}

static int add(Ranges *ranges, int64_t low, int64_t high)
{
    if (ranges->count == ranges->room) {
        size_t room = ranges->room ? ranges->room * 2 : 64;
        Range *items = room > SIZE_MAX / sizeof(Range) ? NULL : realloc(ranges->items, room * sizeof(Range));
        if (!items)
            return -2;
        ranges->items = items;
        ranges->room = room;
    }
    ranges->items[ranges->count].low = low;
    ranges->items[ranges->count++].high = high;
    return 0;
}

void troth_ranges_free(Ranges *ranges)
{
    free(ranges->items);
    ranges->items = NULL;
    ranges->count = ranges->room = 0;
}

int troth_delta_check(const uint8_t *delta, size_t length, size_t start, uint64_t base_size, uint64_t size, int64_t margin, Ranges *ranges)
{
    uint64_t made = 0;
    int64_t low = 0;
    Operation op;
    if (size > INT64_MAX / 2 || base_size > INT64_MAX / 2)
        return -1;
    for (size_t at = start; at < length;) {
        at = operation_at(delta, length, at, &op);
        if (!at || op.count > size - made || (!op.text && (op.offset > base_size || op.count > base_size - op.offset)))
            return -1;
        if (ranges && !op.text && (int64_t)op.count > margin) {
            int64_t first = made || !op.from_start ? (int64_t)made + margin : 0;
            int64_t last = (int64_t)(made + op.count) - margin;
            if (made + op.count == size && op.offset + op.count == base_size)
                last = (int64_t)size;
            if (first < last) {
                if (first > low && add(ranges, low, first))
                    return -2;
                low = last;
            }
        }
        made += op.count;
    }
    if (made != size)
        return -1;
    return ranges && low < (int64_t)size ? add(ranges, low, (int64_t)size) : 0;
}

int troth_delta_apply(const uint8_t *base, size_t base_size, const uint8_t *delta, size_t length, size_t start, uint8_t *out, size_t size)
{
    size_t made = 0;
    Operation op;
    for (size_t at = start; at < length;) {
        at = operation_at(delta, length, at, &op);
        if (!at || op.count > size - made || (!op.text && (op.offset > base_size || op.count > base_size - op.offset)))
            return -1;
        memcpy(out + made, op.text ? op.text : base + op.offset, (size_t)op.count);
        made += (size_t)op.count;
    }
    return made == size ? 0 : -1;
}

int troth_delta_windows(const uint8_t *base, size_t base_size, const uint8_t *delta, size_t length, size_t start, const Ranges *ranges, uint8_t *out)
{
    const Range *range = ranges->items, *const behind = range + ranges->count;
    int64_t made = 0;
    Operation op;
    for (size_t at = start; at < length && range < behind;) {
        at = operation_at(delta, length, at, &op);
        if (!at || (!op.text && (op.offset > base_size || op.count > base_size - op.offset)))
            return -1;
        const uint8_t *from = op.text ? op.text : base + op.offset;
        int64_t end = made + (int64_t)op.count;
        for (; range < behind && range->low < end; range++) {
            int64_t low = range->low > made ? range->low : made, high = range->high < end ? range->high : end;
            memcpy(out, from + (low - made), (size_t)(high - low));
            out += high - low;
            if (range->high > end)
                break;
            *out++ = '\n';
        }
        made = end;
    }
    return range == behind ? 0 : -1;
}
