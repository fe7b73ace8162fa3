/* Tables of codes (RFC 1951, 3.2): a first level of fixed width and second levels for longer codes. Sets of codes are accepted and refused as zlib does. */
#include "codes.h"

#define LONGEST 15

static const uint16_t LENGTHS[29] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t LENGTH_EXTRA[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t DISTANCES[30] = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t DISTANCE_EXTRA[30] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
static const uint8_t ORDER[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

/* The next code of the same length, the bits of both in the order in which they are read. */
static inline unsigned following(unsigned code, unsigned length)
{
    unsigned step = 1u << (length - 1);
    while (code & step)
        step >>= 1;
    return step ? (code & (step - 1)) + step : 0;
}

/* Width of the second level that begins with codes of `length` bits: as wide as the codes that share its beginning need. */
static unsigned width_of(const uint16_t *left, unsigned length, unsigned first)
{
    unsigned width = length - first;
    int room = 1 << width;
    while (width + first < LONGEST) {
        room -= left[width + first];
        if (room <= 0)
            break;
        width++;
        room <<= 1;
    }
    return width;
}

typedef struct {
    uint32_t *table;
    unsigned bits, room; /* width of the first level; entries that there is space for */
    const uint32_t *entries; /* by symbol, without the length of its code */
} Target;

/* Build a table from lengths of codes; -1 where the set is over-subscribed, or incomplete beyond what zlib allows. */
static int build(const Target *to, const uint8_t *lengths, unsigned symbols, int only_complete)
{
    uint16_t counts[LONGEST + 1] = {0}, next[LONGEST + 2], order[288];
    unsigned symbol, length, longest = LONGEST, used = 1u << to->bits, code = 0;
    int room = 1;
    for (symbol = 0; symbol < symbols; symbol++)
        counts[lengths[symbol]]++;
    while (longest && !counts[longest])
        longest--;
    counts[0] = 0;
    for (length = 1; length <= LONGEST; length++) {
        room = (room << 1) - counts[length];
        if (room < 0)
            return -1;
    }
    if (room > 0 && longest && (only_complete || longest != 1))
        return -1;
    if (room > 0 || !longest)
        memset(to->table, 0, sizeof(uint32_t) << to->bits); /* an entry of 0 is a code that stands for nothing */
    if (!longest)
        return 0;
    next[1] = 0;
    for (length = 1; length <= LONGEST; length++)
        next[length + 1] = (uint16_t)(next[length] + counts[length]);
    for (symbol = 0; symbol < symbols; symbol++)
        if (lengths[symbol])
            order[next[lengths[symbol]]++] = (uint16_t)symbol;
    unsigned at = 0, link = ~0u, start = 0, width = 0;
    for (length = 1; length <= longest; length++) {
        for (; counts[length]; counts[length]--, code = following(code, length)) {
            uint32_t entry = to->entries[order[at++]];
            unsigned step;
            if (length <= to->bits) {
                entry |= length;
                for (step = code; step < 1u << to->bits; step += 1u << length)
                    to->table[step] = entry;
                continue;
            }
            unsigned low = code & ((1u << to->bits) - 1);
            if (low != link) {
                link = low;
                width = width_of(counts, length, to->bits);
                start = used;
                used += 1u << width;
                if (used > to->room)
                    return -1;
                to->table[low] = ENTRY(KIND_LINK, start, width) | to->bits;
            }
            entry |= length - to->bits;
            for (step = code >> to->bits; step < 1u << width; step += 1u << (length - to->bits))
                to->table[start + step] = entry;
        }
    }
    return 0;
}

static uint32_t LITERAL_ENTRIES[288], DISTANCE_ENTRIES[32], PLAIN_ENTRIES[19];
uint32_t troth_fixed_literals[1 << LIT_BITS], troth_fixed_distances[1 << DIST_BITS];

static int both(uint32_t *first, uint32_t *second, const uint8_t *lengths, unsigned literals, unsigned distances)
{
    Target one = {first, LIT_BITS, LIT_ROOM, LITERAL_ENTRIES}, other = {second, DIST_BITS, DIST_ROOM, DISTANCE_ENTRIES};
    return build(&one, lengths, literals, 0) || build(&other, lengths + literals, distances, 0) ? -1 : 0;
}

void troth_codes_prepare(void)
{
    uint8_t lengths[288 + 32];
    unsigned i;
    for (i = 0; i < 256; i++)
        LITERAL_ENTRIES[i] = ENTRY(KIND_LITERAL, i, 0);
    LITERAL_ENTRIES[END_OF_BLOCK] = ENTRY(KIND_END, 0, 0);
    for (i = 0; i < 29; i++)
        LITERAL_ENTRIES[257 + i] = ENTRY(KIND_VALUE, LENGTHS[i], LENGTH_EXTRA[i]);
    for (i = 0; i < 30; i++)
        DISTANCE_ENTRIES[i] = ENTRY(KIND_VALUE, DISTANCES[i], DISTANCE_EXTRA[i]);
    for (i = 0; i < 19; i++)
        PLAIN_ENTRIES[i] = ENTRY(KIND_LITERAL, i, 0);
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    memset(lengths + 288, 5, 32);
    both(troth_fixed_literals, troth_fixed_distances, lengths, 288, 32);
}

int troth_codes_read(Stream *s)
{
    uint8_t lengths[286 + 30 + 138], plain[19] = {0};
    uint32_t table[1 << 7];
    Target codes = {table, 7, 1 << 7, PLAIN_ENTRIES};
    if (refill(s))
        return -1;
    unsigned literals = take(s, 5) + 257, distances = take(s, 5) + 1, i, many = take(s, 4) + 4;
    if (literals > 286 || distances > 30)
        return -1;
    for (i = 0; i < many; i++) {
        if (s->count < 3 && refill(s))
            return -1;
        plain[ORDER[i]] = (uint8_t)take(s, 3);
    }
    memset(table, 0, sizeof table);
    if (build(&codes, plain, 19, 1))
        return -1;
    for (i = 0; i < literals + distances;) {
        if (s->count < 14 && refill(s))
            return -1;
        uint32_t entry = table[s->bits & 127];
        if (!entry)
            return -1;
        take(s, LENGTH_OF(entry));
        unsigned value = VALUE_OF(entry), repeat;
        if (value < 16) {
            lengths[i++] = (uint8_t)value;
            continue;
        }
        if (value == 16 && !i)
            return -1;
        repeat = value == 16 ? 3 + take(s, 2) : value == 17 ? 3 + take(s, 3) : 11 + take(s, 7);
        if (i + repeat > literals + distances)
            return -1;
        memset(lengths + i, value == 16 ? lengths[i - 1] : 0, repeat);
        i += repeat;
    }
    return lengths[END_OF_BLOCK] ? both(s->literal_room, s->distance_room, lengths, literals, distances) : -1;
}
