/* Between codes.c and inflate.c: the reservoir of bits, and what the entries of the tables look like. */
#ifndef TROTH_CODES_H
#define TROTH_CODES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LIT_BITS 10
#define DIST_BITS 8
/* Largest tables that a complete set of codes needs: 1,334 and 402 (zlib's `enough`); anything beyond is refused, not written. */
#define LIT_ROOM 1440
#define DIST_ROOM 512
#define FAST_IN 8
#define END_OF_BLOCK 256

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define TO_LITTLE(word) __builtin_bswap64(word)
#else
#define TO_LITTLE(word) (word)
#endif

/* An entry: bits 0-3 length of the code, 4-7 extra bits, 8-11 kind, 16-31 value. In a link the extra bits are the width of the second level. */
#define KIND_LITERAL 0x100u
#define KIND_VALUE 0x200u
#define KIND_END 0x400u
#define KIND_LINK 0x800u
#define ENTRY(kind, value, extra) ((uint32_t)(kind) | (uint32_t)(value) << 16 | (uint32_t)(extra) << 4)
#define VALUE_OF(entry) ((entry) >> 16)
#define EXTRA_OF(entry) (((entry) >> 4) & 15u)
#define LENGTH_OF(entry) ((entry) & 15u)

typedef struct {
    const uint8_t *in, *in_end;
    uint8_t *out, *out_start, *out_end;
    uint64_t bits;
    unsigned count; /* bits in the reservoir */
    unsigned lent;  /* bytes that were put into it although the input had ended */
    const uint32_t *literals, *distances;
    uint32_t literal_room[LIT_ROOM], distance_room[DIST_ROOM];
} Stream;

/* At least 56 bits into the reservoir. */
static inline int refill(Stream *s)
{
    if (s->in_end - s->in >= FAST_IN) {
        uint64_t word;
        memcpy(&word, s->in, 8);
        s->bits |= TO_LITTLE(word) << s->count;
        s->in += (63 - s->count) >> 3;
        s->count |= 56;
        return 0;
    }
    while (s->count < 56) {
        if (s->in < s->in_end)
            s->bits |= (uint64_t)*s->in++ << s->count;
        else if (++s->lent > 8)
            return -1; /* more than can be left over: the stream was read beyond its end */
        s->count += 8;
    }
    return 0;
}

static inline unsigned take(Stream *s, unsigned wanted)
{
    unsigned found = (unsigned)(s->bits & (((uint64_t)1 << wanted) - 1));
    s->bits >>= wanted;
    s->count -= wanted;
    return found;
}

extern uint32_t troth_fixed_literals[1 << LIT_BITS], troth_fixed_distances[1 << DIST_BITS];

/* Make the tables that are always the same. */
void troth_codes_prepare(void);

/* Read the description of a block's codes and make its tables; 0, or -1 where it is damaged. */
int troth_codes_read(Stream *s);

#endif
