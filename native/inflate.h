/* Bounded inflation of one zlib stream (RFC 1950, RFC 1951) whose length is known beforehand. No Python in here: the fuzzer links it alone. */
#ifndef TROTH_INFLATE_H
#define TROTH_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#define TROTH_MAX_RATIO 1032
/* Deflate cannot expand by more than this factor. */

/* Make the constant tables. To be called once, before anything else. */
void troth_inflate_prepare(void);

/* Inflate `in` into exactly `size` bytes at `out`. Bytes behind the stream's end are ignored, as zlib does.
   Never reads outside of [in, in + length) nor writes outside of [out, out + size).
   Returns 0, or -1 where the stream is damaged, cut short, wants a dictionary, or makes more or less than `size` bytes. */
int troth_inflate(const uint8_t *in, size_t length, uint8_t *out, size_t size);

/* Whether a stream of `length` bytes can make `size` bytes at all: to be asked before memory is taken. */
int troth_can_make(size_t length, size_t size);

#endif
