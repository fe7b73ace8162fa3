/* Mutates zlib streams, deltas and packs from a file of seeds and gives them to the parts without Python in them. Compiled with sanitizers (build.py --fuzz);
   every buffer has exactly its length on the heap, so that a byte read or written beside it ends the run.

       fuzz SEEDS ROUNDS NUMBER

   SEEDS holds records: a letter (i, d, s), length and size as 32 bits little-endian, bytes. `size` is what the stream makes, or the length of the base. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delta.h"
#include "inflate.h"
#include "survey.h"

#define LARGEST (1u << 20)

static uint64_t state;
static unsigned long good, bad;

static uint32_t chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? (uint32_t)(state >> 16) % below : 0;
}

static void *room(size_t size)
{
    void *found = malloc(size ? size : 1);
    if (!found)
        abort();
    return found;
}

static void try_stream(const uint8_t *data, size_t length, size_t size)
{
    if (size > LARGEST || !troth_can_make(length, size))
        return;
    uint8_t *out = room(size);
    if (troth_inflate(data, length, out, size))
        bad++;
    else
        good++;
    free(out);
}

static void try_delta(const uint8_t *data, size_t length, size_t base_size)
{
    uint64_t base, size;
    Ranges ranges = {NULL, 0, 0};
    size_t start = troth_delta_sizes(data, length, &base, &size);
    if (!start || base > LARGEST || size > LARGEST) {
        bad++;
        return;
    }
    if (chance(4)) /* mostly as announced, else a base that is another */
        base_size = (size_t)base;
    uint8_t *from = room(base_size), *out = room((size_t)size);
    for (size_t i = 0; i < base_size; i++)
        from[i] = (uint8_t)(i * 31 + (i >> 8));
    if (!troth_delta_check(data, length, start, base_size, size, chance(600), &ranges)) {
        int64_t last = 0;
        for (size_t i = 0; i < ranges.count; i++) {
            if (ranges.items[i].low < last || ranges.items[i].high <= ranges.items[i].low || (uint64_t)ranges.items[i].high > size)
                abort();
            last = ranges.items[i].high;
        }
        if (troth_delta_apply(from, base_size, data, length, start, out, (size_t)size))
            abort();
        size_t all = 0, at = 0;
        for (size_t i = 0; i < ranges.count; i++)
            all += (size_t)(ranges.items[i].high - ranges.items[i].low) + 1;
        uint8_t *windows = room(all);
        if (troth_delta_windows(from, base_size, data, length, start, &ranges, windows))
            abort();
        for (size_t i = 0; i < ranges.count; i++) {
            size_t many = (size_t)(ranges.items[i].high - ranges.items[i].low);
            if (memcmp(windows + at, out + ranges.items[i].low, many) || windows[at + many] != '\n')
                abort();
            at += many + 1;
        }
        free(windows);
        good++;
    } else {
        bad++;
        troth_delta_apply(from, base_size, data, length, start, out, (size_t)size);
    }
    troth_ranges_free(&ranges);
    free(from);
    free(out);
}

static void try_survey(const uint8_t *data, size_t length)
{
    size_t count = 1 + chance(40), i;
    int64_t *offsets = room(count * 8), *start = room(count * 8), *size = room(count * 8), *at = room(count * 8), fan[256];
    int32_t *order = room(count * 4), *base = room(count * 4), *first = room(count * 4), *next = room(count * 4);
    uint8_t *names = room(count * 20), *kind = room(count);
    memset(first, 255, count * 4);
    memset(next, 255, count * 4);
    for (i = 0; i < count; i++)
        offsets[i] = chance(100) ? (int64_t)chance((uint32_t)length) : (int64_t)chance(~0u) - 9;
    for (i = 0; i < count * 20; i++)
        names[i] = length ? data[chance((uint32_t)length)] : 0;
    for (i = 0; i < 256; i++)
        fan[i] = (int64_t)(count * (i + 1) / 256);
    PackView pack = {data, length, count, offsets, names, 20, fan};
    Headers found = {order, start, kind, size, at, base, first, next};
    if (troth_survey(&pack, &found) < 0)
        bad++;
    else
        good++;
    free(offsets), free(start), free(size), free(at), free(order), free(base), free(first), free(next), free(names), free(kind);
}

static void mutate(uint8_t *data, size_t *length, size_t *size)
{
    for (uint32_t times = chance(6); times && *length; times--)
        switch (chance(5)) {
        case 0:
            data[chance((uint32_t)*length)] = (uint8_t)chance(256);
            break;
        case 1:
            data[chance((uint32_t)(*length < 24 ? *length : 24))] ^= (uint8_t)(1u << chance(8));
            break;
        case 2:
            *length = chance((uint32_t)*length + 1);
            break;
        case 3:
            *size = chance(2) ? chance(LARGEST) : *size + chance(5) - 2;
            break;
        default: {
            size_t from = chance((uint32_t)*length), to = chance((uint32_t)*length), many = chance((uint32_t)(*length - (from > to ? from : to)));
            memmove(data + to, data + from, many);
        }
        }
}

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    FILE *file = fopen(words[1], "rb");
    if (!file || fseek(file, 0, SEEK_END))
        return 2;
    size_t all = (size_t)ftell(file), at = 0, seeds = 0, places[4096];
    uint8_t *corpus = room(all);
    rewind(file);
    if (fread(corpus, 1, all, file) != all)
        return 2;
    fclose(file);
    while (at + 9 <= all && seeds < 4096) {
        uint32_t length;
        memcpy(&length, corpus + at + 1, 4);
        if (length > all - at - 9)
            return 2;
        places[seeds++] = at;
        at += 9 + length;
    }
    troth_inflate_prepare();
    state = 88172645463325252u ^ strtoull(words[3], NULL, 10) * 2654435761u;
    for (unsigned long rounds = strtoul(words[2], NULL, 10); seeds && rounds; rounds--) {
        const uint8_t *seed = corpus + places[chance((uint32_t)seeds)];
        uint32_t long_, wide;
        memcpy(&long_, seed + 1, 4);
        memcpy(&wide, seed + 5, 4);
        size_t length = long_, size = wide;
        uint8_t *copy = room(length), *exact;
        memcpy(copy, seed + 9, length);
        mutate(copy, &length, &size);
        exact = room(length);
        memcpy(exact, copy, length);
        free(copy);
        if (*seed == 'i')
            try_stream(exact, length, size);
        else if (*seed == 'd')
            try_delta(exact, length, size);
        else
            try_survey(exact, length);
        free(exact);
    }
    free(corpus);
    printf("%lu accepted, %lu refused\n", good, bad);
    return 0;
}
