/* Inflation (RFC 1950, RFC 1951) with a reservoir of 64 bits. The tables are made in codes.c. */
#include "codes.h"
#include "inflate.h"

#define NEAR_END 280 /* three literals, the longest repetition, and what copying in steps of 8 writes beyond it */

#define LAST_READ 24 /* a round moves the input by 5 bytes twice (35 bits of literals before it, 40 of literals and a length in it) before its last read of 8 */

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define WITH_BMI2
#endif
#if defined(__GNUC__) || defined(__clang__)
#define INLINED inline __attribute__((always_inline))
#else
#define INLINED inline
#endif

static int stored(Stream *s)
{
    take(s, s->count & 7);
    if (s->count < 32 && refill(s))
        return -1;
    unsigned length = take(s, 16), other = take(s, 16);
    if ((length ^ other) != 0xFFFF)
        return -1;
    /* what is still in the reservoir goes back to the input, but for what was lent */
    unsigned whole = s->count >> 3;
    if (whole < s->lent)
        return -1;
    s->in -= whole - s->lent;
    s->bits = 0;
    s->count = s->lent = 0;
    if ((size_t)(s->in_end - s->in) < length || (size_t)(s->out_end - s->out) < length)
        return -1;
    memcpy(s->out, s->in, length);
    s->in += length;
    s->out += length;
    return 0;
}

static inline void repeat_from(uint8_t *out, size_t distance, unsigned length, const uint8_t *out_end)
{
    const uint8_t *from = out - distance;
    if (distance >= 8 && (size_t)(out_end - out) >= length + 8u) {
        uint8_t *end = out + length;
        do {
            memcpy(out, from, 8);
            out += 8;
            from += 8;
        } while (out < end);
    } else if (distance == 1) {
        memset(out, *from, length);
    } else {
        while (length--)
            *out++ = *from++;
    }
}

static inline uint32_t look_up(Stream *s, const uint32_t *table, unsigned bits)
{
    uint32_t entry = table[s->bits & ((1u << bits) - 1)];
    if (entry & KIND_LINK) {
        take(s, bits);
        entry = table[VALUE_OF(entry) + (s->bits & ((1u << EXTRA_OF(entry)) - 1))];
    }
    take(s, LENGTH_OF(entry));
    return entry;
}

#define PUT(entry)                          \
    do {                                    \
        if (s->out == s->out_end)           \
            return -1;                      \
        *s->out++ = (uint8_t)VALUE_OF(entry); \
    } while (0)

/* As long as nothing near the ends of input or output can be touched: the same as `coded`, with all in registers.
   Returns 1 where the slower way has to go on, 0 at the block's end, -1 where the stream is damaged. */
static INLINED int within(Stream *s)
{
    const uint8_t *in = s->in, *const in_last = s->in_end - LAST_READ;
    uint8_t *out = s->out, *const out_last = s->out_end - NEAR_END, *const out_start = s->out_start;
    const uint32_t *const literals = s->literals, *const distances = s->distances;
    uint64_t bits = s->bits, word;
    unsigned count = s->count;
    uint32_t entry;
    int answer = 1;
#define FILL                              \
    do {                                  \
        memcpy(&word, in, 8);             \
        bits |= TO_LITTLE(word) << count; \
        in += (63 - count) >> 3;          \
        count |= 56;                      \
    } while (0)
#define DROP(wanted)      \
    do {                  \
        bits >>= (wanted); \
        count -= (wanted); \
    } while (0)
#define FIRST(table, width) ((table)[bits & ((1u << (width)) - 1)])
    FILL;
    entry = FIRST(literals, LIT_BITS);
    while (in < in_last && out < out_last) { /* `entry` is what the next bits begin with; of a link only that it is one is known */
        FILL;
        if (entry & KIND_LITERAL) {
            DROP(LENGTH_OF(entry));
            *out++ = (uint8_t)VALUE_OF(entry);
            entry = FIRST(literals, LIT_BITS);
            if (entry & KIND_LITERAL) {
                DROP(LENGTH_OF(entry));
                *out++ = (uint8_t)VALUE_OF(entry);
                entry = FIRST(literals, LIT_BITS);
                if (entry & KIND_LITERAL) {
                    DROP(LENGTH_OF(entry));
                    *out++ = (uint8_t)VALUE_OF(entry);
                    entry = FIRST(literals, LIT_BITS);
                    continue;
                }
            }
        }
        if (entry & KIND_LINK) {
            DROP(LIT_BITS);
            entry = literals[VALUE_OF(entry) + (bits & ((1u << EXTRA_OF(entry)) - 1))];
            if (entry & KIND_LITERAL) {
                DROP(LENGTH_OF(entry));
                *out++ = (uint8_t)VALUE_OF(entry);
                entry = FIRST(literals, LIT_BITS);
                continue;
            }
        }
        DROP(LENGTH_OF(entry));
        if (!(entry & KIND_VALUE)) {
            answer = entry & KIND_END ? 0 : -1;
            break;
        }
        unsigned extra = EXTRA_OF(entry);
        size_t length = VALUE_OF(entry) + (bits & ((1u << extra) - 1));
        DROP(extra);
        FILL;
        entry = FIRST(distances, DIST_BITS);
        if (entry & KIND_LINK) {
            DROP(DIST_BITS);
            entry = distances[VALUE_OF(entry) + (bits & ((1u << EXTRA_OF(entry)) - 1))];
        }
        DROP(LENGTH_OF(entry));
        extra = EXTRA_OF(entry);
        size_t distance = VALUE_OF(entry) + (bits & ((1u << extra) - 1));
        DROP(extra);
        if (!(entry & KIND_VALUE) || distance > (size_t)(out - out_start)) {
            answer = -1;
            break;
        }
        FILL;
        entry = FIRST(literals, LIT_BITS);
        const uint8_t *from = out - distance;
        uint8_t *end = out + length;
        if (distance >= 16) {
            do {
                memcpy(out, from, 16);
                out += 16;
                from += 16;
            } while (out < end);
        } else if (distance >= 8) {
            do {
                memcpy(out, from, 8);
                out += 8;
                from += 8;
            } while (out < end);
        } else if (distance == 1) {
            memset(out, *from, length);
        } else {
            while (out < end)
                *out++ = *from++;
        }
        out = end;
    }
    s->in = in;
    s->out = out;
    s->bits = bits;
    s->count = count;
    return answer;
}

static int within_plainly(Stream *s) { return within(s); }

#ifdef WITH_BMI2
__attribute__((target("bmi2"))) static int within_bmi2(Stream *s) { return within(s); }
#endif

static int (*coded_within)(Stream *) = within_plainly;

static int coded(Stream *s)
{
    if (s->in_end - s->in > LAST_READ && s->out_end - s->out > NEAR_END) {
        int answer = coded_within(s);
        if (answer <= 0)
            return answer;
    }
    for (;;) {
        if (refill(s))
            return -1;
        uint32_t entry = look_up(s, s->literals, LIT_BITS);
        if (entry & KIND_LITERAL) { /* three codes take 45 bits at most */
            PUT(entry);
            entry = look_up(s, s->literals, LIT_BITS);
            if (entry & KIND_LITERAL) {
                PUT(entry);
                entry = look_up(s, s->literals, LIT_BITS);
                if (entry & KIND_LITERAL) {
                    PUT(entry);
                    continue;
                }
            }
        }
        if (!(entry & KIND_VALUE))
            return entry & KIND_END ? 0 : -1;
        if (s->count < 48 && refill(s)) /* what a length and a distance take at most, the length's code being read */
            return -1;
        unsigned length = VALUE_OF(entry) + take(s, EXTRA_OF(entry));
        entry = look_up(s, s->distances, DIST_BITS);
        if (!(entry & KIND_VALUE))
            return -1;
        size_t distance = VALUE_OF(entry) + take(s, EXTRA_OF(entry));
        if (distance > (size_t)(s->out - s->out_start) || length > (size_t)(s->out_end - s->out))
            return -1;
        repeat_from(s->out, distance, length, s->out_end);
        s->out += length;
    }
}

static uint32_t adler32(const uint8_t *data, size_t length)
{
    static const int16_t WEIGHTS[32] = {32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
    uint32_t low = 1, high = 0;
    while (length) {
        size_t part = length < 5504 ? length : 5504; /* a multiple of 32 below zlib's 5,552, beyond which the sums could overflow */
        length -= part;
        for (; part >= 32; part -= 32, data += 32) {
            int32_t sum = 0, weighted = 0; /* products of 16 bits, which compilers turn into one instruction for eight */
            for (unsigned i = 0; i < 32; i++) {
                sum += data[i];
                weighted += WEIGHTS[i] * (int16_t)data[i];
            }
            high += 32 * low + (uint32_t)weighted;
            low += (uint32_t)sum;
        }
        for (; part; part--) {
            low += *data++;
            high += low;
        }
        low %= 65521;
        high %= 65521;
    }
    return high << 16 | low;
}

/* The checksum behind the last block. */
static int sealed(Stream *s)
{
    uint32_t sum = 0;
    take(s, s->count & 7);
    if (s->count < 32 && refill(s))
        return -1;
    for (int i = 0; i < 4; i++)
        sum = sum << 8 | take(s, 8);
    if (s->count >> 3 < s->lent || s->out != s->out_end)
        return -1;
    return sum == adler32(s->out_start, (size_t)(s->out_end - s->out_start)) ? 0 : -1;
}

void troth_inflate_prepare(void)
{
    troth_codes_prepare();
#ifdef WITH_BMI2
    if (__builtin_cpu_supports("bmi2"))
        coded_within = within_bmi2;
#endif
}

int troth_can_make(size_t length, size_t size)
{
    return length > 6 && size / TROTH_MAX_RATIO <= length;
}

int troth_inflate(const uint8_t *in, size_t length, uint8_t *out, size_t size)
{
    Stream s;
    unsigned last;
    if (length < 6 || (in[0] & 15) != 8 || in[0] >> 4 > 7 || (in[1] & 32) || (in[0] << 8 | in[1]) % 31)
        return -1;
    s.in = in + 2;
    s.in_end = in + length;
    s.out = s.out_start = out;
    s.out_end = out + size;
    s.bits = 0;
    s.count = s.lent = 0;
    do {
        if (s.count < 3 && refill(&s))
            return -1;
        last = take(&s, 1);
        int failed;
        switch (take(&s, 2)) {
        case 0:
            failed = stored(&s);
            break;
        case 1:
            s.literals = troth_fixed_literals;
            s.distances = troth_fixed_distances;
            failed = coded(&s);
            break;
        case 2:
            s.literals = s.literal_room;
            s.distances = s.distance_room;
            failed = troth_codes_read(&s) || coded(&s);
            break;
        default:
            failed = 1;
        }
        if (failed || s.count >> 3 < s.lent)
            return -1;
    } while (!last);
    return sealed(&s);
}
