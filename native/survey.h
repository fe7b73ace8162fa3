/* Headers of all entries of a pack (gitformat-pack(5)): the same as survey.py, entry by entry. No Python in here. */
#ifndef TROTH_SURVEY_H
#define TROTH_SURVEY_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data; /* the pack */
    size_t end;          /* where its entries end */
    size_t count;
    const int64_t *offsets; /* by position in the index; each must lie below `end` */
    const uint8_t *names;   /* ids in the order of the index */
    size_t width;           /* of an id */
    const int64_t *fan;     /* 256 cumulated counts, ascending, none above `count` */
} PackView;

typedef struct {
    int32_t *order;
    int64_t *start;
    uint8_t *kind;
    int64_t *size, *at;
    int32_t *base, *first_child, *next_child; /* all -1 before */
} Headers;

/* Returns 1 where something is odd (see survey.py), 0 where nothing is, -1 where an offset is out of bounds, -2 where memory ran out. */
int troth_survey(const PackView *pack, const Headers *found);

#endif
