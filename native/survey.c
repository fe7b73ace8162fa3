#include "survey.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_HEAD 9
#define LONGEST_DISTANCE 10
#define OFS_DELTA 6
#define REF_DELTA 7
#define NOT_HERE (-2)
#define DIGIT 11
#define DIGITS (1u << DIGIT)

typedef struct {
    uint64_t offset;
    int32_t number;
} Place;

/* Stable sort by offset, a digit of 11 bits at a time. */
static int in_order(const PackView *pack, const Headers *found)
{
    size_t count = pack->count, i;
    Place *from = malloc((count ? count : 1) * sizeof(Place)), *to = malloc((count ? count : 1) * sizeof(Place)), *other;
    uint64_t highest = 0;
    int failed = !from || !to ? -2 : 0;
    for (i = 0; !failed && i < count; i++) {
        if (pack->offsets[i] < 0 || (uint64_t)pack->offsets[i] >= pack->end)
            failed = -1;
        from[i].offset = (uint64_t)pack->offsets[i];
        from[i].number = (int32_t)i;
        if (from[i].offset > highest)
            highest = from[i].offset;
    }
    for (unsigned shift = 0; !failed && shift < 64 && highest >> shift; shift += DIGIT) {
        size_t places[DIGITS + 1] = {0};
        for (i = 0; i < count; i++)
            places[(from[i].offset >> shift & (DIGITS - 1)) + 1]++;
        for (i = 1; i < DIGITS; i++)
            places[i] += places[i - 1];
        for (i = 0; i < count; i++)
            to[places[from[i].offset >> shift & (DIGITS - 1)]++] = from[i];
        other = from;
        from = to;
        to = other;
    }
    for (i = 0; !failed && i < count; i++) {
        found->order[i] = from[i].number;
        found->start[i] = (int64_t)from[i].offset;
    }
    free(from);
    free(to);
    return failed;
}

/* Number of the entry that begins at an offset. */
static int32_t number_at(const PackView *pack, const Headers *found, int64_t offset)
{
    size_t low = 0, high = pack->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (found->start[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pack->count && found->start[low] == offset ? (int32_t)low : NOT_HERE;
}

/* Number of the entry with an id (as Index.find). */
static int32_t number_of(const PackView *pack, const Headers *found, const uint8_t *id)
{
    size_t low = id[0] ? (size_t)pack->fan[id[0] - 1] : 0, high = (size_t)pack->fan[id[0]];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(pack->names + middle * pack->width, id, pack->width);
        if (!order)
            return number_at(pack, found, pack->offsets[middle]);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NOT_HERE;
}

/* Base of a delta whose link begins at `at`; moves `at` behind the link. */
static int32_t base_of(const PackView *pack, const Headers *found, int kind, size_t start, size_t *at)
{
    if (kind == REF_DELTA) {
        size_t here = *at;
        *at += pack->width;
        return here <= pack->end && pack->width <= pack->end - here ? number_of(pack, found, pack->data + here) : NOT_HERE;
    }
    int64_t value = -1;
    int beyond = 0;
    for (int count = 0; *at < pack->end && count < LONGEST_DISTANCE; count++) {
        uint8_t byte = pack->data[(*at)++];
        if (value >= INT64_MAX >> 8)
            beyond = 1; /* further than any pack is long */
        else
            value = (value + 1) << 7 | (byte & 0x7F);
        if (byte < 0x80)
            break;
    }
    return value > 0 && !beyond ? number_at(pack, found, (int64_t)start - value) : NOT_HERE;
}

int troth_survey(const PackView *pack, const Headers *found)
{
    int odd = in_order(pack, found);
    if (odd)
        return odd;
    for (size_t k = 0; k < pack->count; k++) {
        size_t start = (size_t)found->start[k], at = start + 1;
        size_t most = pack->end - start > LONGEST_HEAD ? start + LONGEST_HEAD : pack->end;
        size_t behind = k + 1 < pack->count ? (size_t)found->start[k + 1] : pack->end;
        uint8_t byte = pack->data[start];
        int kind = byte >> 4 & 7;
        int64_t size = byte & 15;
        for (unsigned shift = 4; byte > 127 && at < most; shift += 7) {
            byte = pack->data[at++];
            size |= (int64_t)(byte & 127) << shift;
        }
        if (kind >= OFS_DELTA) {
            int32_t base = base_of(pack, found, kind, start, &at);
            found->base[k] = base;
            odd |= base < 0 || kind == REF_DELTA;
            if (base >= 0) {
                found->next_child[k] = found->first_child[base];
                found->first_child[base] = (int32_t)k;
            }
        }
        if (kind != 0 && kind != 5 && byte < 128 && at < behind)
            found->kind[k] = (uint8_t)kind;
        else
            odd = 1;
        found->size[k] = size;
        found->at[k] = (int64_t)at;
    }
    return odd;
}
