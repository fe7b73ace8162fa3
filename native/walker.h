/* The walk over the entries of a pack: see walk.py, whose order of objects, limits and faults this keeps.
   Python hands over the headers and some whole entries, calls `fill` until it answers DONE, and looks at each batch in between. */
#ifndef TROTH_WALKER_H
#define TROTH_WALKER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#include "delta.h"

enum { COMMIT = 1, TREE = 2, BLOB = 3, TAG = 4, KINDS = 5 };
enum { DONE, LOOK, LARGE, NAMES };                  /* answers of `fill` */
enum { CORRUPT, TOO_LARGE, TOO_DEEP, OVER_BUDGET }; /* reasons of an event */
enum { ITSELF, BELOW, BOTH };                       /* what an event is about */
enum { GOOD = 0, DAMAGED = -1, RAISED = -2 };       /* RAISED: a Python exception is set */
enum { FAMILIES, ALONE, TREES, GATHER, FRAGMENTS, FINISHED };

#define TOGETHER (32 << 10) /* parts up to this size are copied into the text; larger ones are looked at where they are */
#define BATCH (256 << 10)   /* bytes to be looked at from which on a batch is full */
#define BATCH_HELD (4 << 20)
#define NAMES_BATCH (128 << 10)
#define STEPS 8192 /* entries after which `fill` answers in any case, so that a signal is noticed */
#define MAGICS 16
#define MAGIC_BYTES 8

typedef struct {
    PyObject *base;
    const uint8_t *bytes;
    size_t length, start;
    int64_t size; /* of what it makes */
} Delta;

typedef struct {
    int32_t entry, base; /* base: -1 where all of the object is to be looked at */
    int kind;
    PyObject *data;      /* NULL: it stands in the text, or is still to be made */
    PyObject *from, *delta; /* what it is to be made of */
    size_t start;           /* where the delta's operations begin */
    int64_t size, at;    /* at: where in the text */
    size_t part, parts;
} Item;

typedef struct {
    int64_t begin, low, length; /* in the text; in the object */
    size_t item;
    int apart;                  /* not in the text */
} Part;

typedef struct {
    int32_t entry;
    int depth;
    PyObject *data; /* NULL: to be rebuilt */
} Node;

typedef struct {
    int32_t *items;
    size_t count, room;
} Numbers;

typedef struct {
    PyObject_HEAD
    Py_buffer pack, at, end, size, first, next, base, kind, want, marks;
    int64_t entries;
    int64_t object_bytes, held_bytes, expanded_bytes, margin;
    int depth_limit;
    unsigned magics;
    uint8_t magic[MAGICS][MAGIC_BYTES], magic_length[MAGICS];
    /* the task */
    Numbers roots, alone, trees, below;
    size_t position;
    int phase;
    int32_t large;
    int64_t pending, expanded, held;
    int64_t objects[KINDS], bytes[KINDS];
    Node *stack;
    size_t nodes, node_room;
    Node parent; /* whose deltas are being made; entry -1: none */
    int32_t child;
    int family_kind;
    /* the batch */
    Item *items;
    size_t item_count, item_room;
    Part *parts;
    size_t part_count, part_room;
    uint8_t *text;
    int64_t text_length, text_room, look, hold;
    int exports, names;
    PyObject *last_base; /* of the newest object that is still to be made; borrowed, only compared */
    PyObject *events, *containers;
    Ranges ranges;
    uint8_t *scratch;
    int64_t scratch_room;
} Walker;

static inline int64_t wide(const Py_buffer *buffer, int32_t k) { return ((const int64_t *)buffer->buf)[k]; }
static inline uint8_t small(const Py_buffer *buffer, int32_t k) { return ((const uint8_t *)buffer->buf)[k]; }
/* A link to another entry; -1 for none, and for what is no entry. */
static inline int32_t link_of(const Walker *w, const Py_buffer *buffer, int32_t k)
{
    int32_t found = ((const int32_t *)buffer->buf)[k];
    return found >= 0 && found < w->entries ? found : -1;
}

/* entry.c: single entries */
int troth_number(Numbers *numbers, int32_t number);
int troth_unpack(const Walker *w, int32_t k, uint8_t *out);
int troth_unpacks(const Walker *w, int32_t k);
int troth_scratch(Walker *w, int64_t size);
int troth_entry(Walker *w, int32_t k, PyObject **found);
int troth_delta(Walker *w, int32_t k, PyObject *base, Ranges *ranges, Delta *found);
int troth_result(const Delta *delta, PyObject **made);
int troth_rebuild(Walker *w, int32_t k, PyObject **found);
int troth_event(Walker *w, int32_t k, int reason, int again, int about);

/* batch.c: what waits to be looked at */
void troth_forget(Walker *w);
int troth_take(Walker *w, int32_t k, int32_t base, int kind, PyObject *data, const Ranges *ranges);
int troth_take_parts(Walker *w, int32_t k, int32_t base, int kind, const Delta *delta, const Ranges *ranges);
int troth_item(Walker *w, Item *item);
int troth_take_whole(Walker *w, int32_t k, int kind);
int troth_take_fragment(Walker *w, int32_t k);

/* walker.c: the order of things */
int troth_fill(Walker *w);

#endif
