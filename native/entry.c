/* Single entries of a pack: inflated, made from their base, rebuilt from their whole chain. Every length is checked before memory is taken. */
#include "walker.h"

#include "inflate.h"

#include <stdlib.h>

int troth_number(Numbers *numbers, int32_t number)
{
    if (numbers->count == numbers->room) {
        size_t room = numbers->room ? numbers->room * 2 : 256;
        int32_t *items = realloc(numbers->items, room * sizeof(int32_t));
        if (!items) {
            PyErr_NoMemory();
            return RAISED;
        }
        numbers->items = items;
        numbers->room = room;
    }
    numbers->items[numbers->count++] = number;
    return GOOD;
}

/* Whether an entry's stream lies in the pack and can make what its header announces. */
int troth_unpacks(const Walker *w, int32_t k)
{
    int64_t at = wide(&w->at, k), end = wide(&w->end, k), size = wide(&w->size, k);
    return at >= 0 && at < end && end <= w->pack.len && size >= 0 && size <= w->object_bytes && troth_can_make((size_t)(end - at), (size_t)size);
}

/* Inflate an entry that `troth_unpacks` into as many bytes as its header announces. */
int troth_unpack(const Walker *w, int32_t k, uint8_t *out)
{
    int64_t at = wide(&w->at, k), end = wide(&w->end, k);
    return troth_inflate((const uint8_t *)w->pack.buf + at, (size_t)(end - at), out, (size_t)wide(&w->size, k)) ? DAMAGED : GOOD;
}

/* Room for `size` bytes at `w->scratch`; what was there is lost. */
int troth_scratch(Walker *w, int64_t size)
{
    if (size <= w->scratch_room)
        return GOOD;
    free(w->scratch);
    w->scratch_room = 0;
    w->scratch = malloc((size_t)size);
    if (!w->scratch) {
        PyErr_NoMemory();
        return RAISED;
    }
    w->scratch_room = size;
    return GOOD;
}

/* An entry's own data as a new object. */
int troth_entry(Walker *w, int32_t k, PyObject **found)
{
    if (!troth_unpacks(w, k))
        return DAMAGED;
    PyObject *data = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)wide(&w->size, k));
    if (!data)
        return RAISED;
    if (troth_unpack(w, k, (uint8_t *)PyBytes_AsString(data))) {
        Py_DECREF(data);
        return DAMAGED;
    }
    *found = data;
    return GOOD;
}

/* Inflate entry `k`, a delta, into the scratch space, and check it against `base`. With `ranges`: where its result differs, unless that is too short for it.
   Returns TOO_LARGE where the result is over the limit, besides GOOD, DAMAGED and RAISED. */
int troth_delta(Walker *w, int32_t k, PyObject *base, Ranges *ranges, Delta *found)
{
    uint64_t base_size, size, announced = (uint64_t)wide(&w->size, k);
    if (announced > (uint64_t)w->object_bytes)
        return TOO_LARGE;
    if (!troth_unpacks(w, k))
        return DAMAGED;
    if (troth_scratch(w, (int64_t)announced + 1))
        return RAISED;
    if (troth_unpack(w, k, w->scratch))
        return DAMAGED;
    size_t start = troth_delta_sizes(w->scratch, (size_t)announced, &base_size, &size);
    if (!start || base_size != (uint64_t)PyBytes_Size(base))
        return DAMAGED;
    if (size > (uint64_t)w->object_bytes)
        return TOO_LARGE;
    if (ranges) {
        ranges->count = 0;
        if ((int64_t)size <= 2 * w->margin)
            ranges = NULL;
    }
    int checked = troth_delta_check(w->scratch, (size_t)announced, start, base_size, size, w->margin, ranges);
    if (checked == -2)
        PyErr_NoMemory();
    if (checked)
        return checked == -2 ? RAISED : DAMAGED;
    found->base = base;
    found->bytes = w->scratch;
    found->length = (size_t)announced;
    found->start = start;
    found->size = (int64_t)size;
    return GOOD;
}

/* What a delta makes, as a new object. */
int troth_result(const Delta *delta, PyObject **made)
{
    PyObject *data = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)delta->size);
    if (!data)
        return RAISED;
    const uint8_t *from = (const uint8_t *)PyBytes_AsString(delta->base);
    if (troth_delta_apply(from, (size_t)PyBytes_Size(delta->base), delta->bytes, delta->length, delta->start, (uint8_t *)PyBytes_AsString(data), (size_t)delta->size)) {
        Py_DECREF(data);
        return DAMAGED;
    }
    *made = data;
    return GOOD;
}

/* An object from its whole chain, holding two objects at a time. */
int troth_rebuild(Walker *w, int32_t k, PyObject **found)
{
    Numbers chain = {NULL, 0, 0};
    PyObject *data = NULL, *made;
    int answer = troth_number(&chain, k);
    while (answer == GOOD && ((const int32_t *)w->base.buf)[k] != -1) {
        k = link_of(w, &w->base, k);
        if (k < 0 || chain.count > (size_t)w->depth_limit)
            answer = DAMAGED;
        else
            answer = troth_number(&chain, k);
    }
    if (answer == GOOD)
        answer = troth_entry(w, chain.items[--chain.count], &data);
    while (answer == GOOD && chain.count) {
        Delta delta;
        made = NULL;
        answer = troth_delta(w, chain.items[--chain.count], data, NULL, &delta);
        if (answer == GOOD)
            answer = troth_result(&delta, &made);
        Py_DECREF(data);
        data = made;
    }
    free(chain.items);
    if (answer != GOOD) {
        Py_XDECREF(data);
        return answer == RAISED ? RAISED : DAMAGED;
    }
    *found = data;
    return GOOD;
}

int troth_event(Walker *w, int32_t k, int reason, int again, int about)
{
    PyObject *event = Py_BuildValue("(iiii)", (int)k, reason, again, about);
    int failed = !event || PyList_Append(w->events, event);
    Py_XDECREF(event);
    return failed ? RAISED : GOOD;
}
