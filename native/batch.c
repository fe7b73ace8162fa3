/* What waits to be looked at: objects, and of each the parts that matter, copied into one text with something between them. */
#include "walker.h"

#include <stdlib.h>
#include <string.h>

#define TAR_AT 257
#define TAR_BYTES 5

static int more(void **items, size_t *room, size_t count, size_t width)
{
    if (count < *room)
        return GOOD;
    size_t wanted = *room ? *room * 2 : 1024;
    void *found = wanted > SIZE_MAX / width ? NULL : realloc(*items, wanted * width);
    if (!found) {
        PyErr_NoMemory();
        return RAISED;
    }
    *items = found;
    *room = wanted;
    return GOOD;
}

/* Room for `size` more bytes of text, and for what stands between parts. */
static int text_room(Walker *w, int64_t size)
{
    int64_t wanted = w->text_length + size + 8, room = w->text_room ? w->text_room : BATCH * 2;
    if (wanted <= w->text_room)
        return GOOD;
    while (room < wanted)
        room *= 2; /* sizes are below `object_bytes`, so that this ends far below 2^63 */
    uint8_t *text = realloc(w->text, (size_t)room);
    if (!text) {
        PyErr_NoMemory();
        return RAISED;
    }
    w->text = text;
    w->text_room = room;
    return GOOD;
}

void troth_forget(Walker *w)
{
    for (size_t i = 0; i < w->item_count; i++) {
        Py_CLEAR(w->items[i].data);
        Py_CLEAR(w->items[i].from);
        Py_CLEAR(w->items[i].delta);
    }
    w->last_base = NULL;
    w->item_count = w->part_count = 0;
    w->text_length = w->look = w->hold = 0;
    w->names = 0;
    if (w->text_room > 8 * BATCH) { /* of an odd batch: not kept */
        free(w->text);
        w->text = NULL;
        w->text_room = 0;
    }
    if (w->scratch_room > 8 * BATCH) {
        free(w->scratch);
        w->scratch = NULL;
        w->scratch_room = 0;
    }
}

static int new_item(Walker *w, int32_t k, int32_t base, int kind, PyObject *data, int64_t size)
{
    if (more((void **)&w->items, &w->item_room, w->item_count, sizeof(Item)))
        return RAISED;
    Item *item = &w->items[w->item_count++];
    item->entry = k;
    item->base = base;
    item->kind = kind;
    Py_XINCREF(data);
    item->data = data;
    item->from = item->delta = NULL;
    item->size = size;
    item->at = w->text_length;
    item->part = w->part_count;
    item->parts = 0;
    return GOOD;
}

/* A part of the newest item. `from` is NULL where it was put at the text's end already. */
static int new_part(Walker *w, const uint8_t *from, int64_t low, int64_t length)
{
    if (more((void **)&w->parts, &w->part_room, w->part_count, sizeof(Part)))
        return RAISED;
    Part *part = &w->parts[w->part_count];
    part->begin = w->text_length;
    part->low = low;
    part->length = length;
    part->item = w->item_count - 1;
    part->apart = length > TOGETHER;
    if (!part->apart) {
        if (from) {
            if (text_room(w, length))
                return RAISED;
            memcpy(w->text + w->text_length, from + low, (size_t)length);
        }
        w->text_length += length;
        w->text[w->text_length++] = '\n';
    }
    w->part_count++;
    w->items[part->item].parts++;
    w->look += length;
    return GOOD;
}

static int contained(Walker *w, const uint8_t *data, int64_t size)
{
    int found = size >= TAR_AT + TAR_BYTES && !memcmp(data + TAR_AT, "ustar", TAR_BYTES);
    for (unsigned i = 0; !found && i < w->magics; i++)
        found = size >= w->magic_length[i] && !memcmp(data, w->magic[i], w->magic_length[i]);
    if (!found)
        return GOOD;
    PyObject *number = PyLong_FromSize_t(w->item_count - 1);
    int failed = !number || PyList_Append(w->containers, number);
    Py_XDECREF(number);
    return failed ? RAISED : GOOD;
}

/* Note an object. Bases are noted before what is made from them. */
int troth_take(Walker *w, int32_t k, int32_t base, int kind, PyObject *data, const Ranges *ranges)
{
    int64_t size = (int64_t)PyBytes_Size(data);
    const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(data);
    w->expanded += size;
    if (small(&w->want, k) != 1)
        return GOOD;
    w->objects[kind]++;
    w->bytes[kind] += size;
    w->hold += size;
    if (new_item(w, k, ranges ? base : -1, kind, data, size) || (kind == BLOB && contained(w, bytes, size)))
        return RAISED;
    if (!ranges)
        return size ? new_part(w, bytes, 0, size) : GOOD;
    for (size_t i = 0; i < ranges->count; i++)
        if (new_part(w, bytes, ranges->items[i].low, ranges->items[i].high - ranges->items[i].low))
            return RAISED;
    return GOOD;
}

/* Note an object from which nothing is made and of which only some small parts are looked at: it is only made where somebody asks for it.
   Answers 1 where that cannot be. */
int troth_take_parts(Walker *w, int32_t k, int32_t base, int kind, const Delta *delta, const Ranges *ranges)
{
    uint8_t head[TAR_AT + TAR_BYTES + 1];
    Range first = {0, delta->size < TAR_AT + TAR_BYTES ? delta->size : TAR_AT + TAR_BYTES};
    Ranges beginning = {&first, delta->size ? 1 : 0, 1};
    const uint8_t *from = (const uint8_t *)PyBytes_AsString(delta->base);
    size_t from_size = (size_t)PyBytes_Size(delta->base), i;
    int64_t all = 0;
    for (i = 0; i < ranges->count; i++) {
        int64_t length = ranges->items[i].high - ranges->items[i].low;
        if (length > TOGETHER)
            return 1;
        all += length + 1;
    }
    if (small(&w->want, k) != 1 || text_room(w, all))
        return small(&w->want, k) != 1 ? 1 : RAISED;
    if (troth_delta_windows(from, from_size, delta->bytes, delta->length, delta->start, ranges, w->text + w->text_length)
        || troth_delta_windows(from, from_size, delta->bytes, delta->length, delta->start, &beginning, head))
        return 1;
    if (new_item(w, k, base, kind, NULL, delta->size))
        return RAISED;
    Item *item = &w->items[w->item_count - 1];
    item->delta = PyBytes_FromStringAndSize((const char *)delta->bytes, (Py_ssize_t)delta->length);
    item->from = delta->base;
    Py_INCREF(item->from);
    item->start = delta->start;
    if (!item->delta || (kind == BLOB && contained(w, head, first.high)))
        return RAISED;
    for (i = 0; i < ranges->count; i++)
        if (new_part(w, NULL, ranges->items[i].low, ranges->items[i].high - ranges->items[i].low))
            return RAISED;
    w->expanded += delta->size;
    w->objects[kind]++;
    w->bytes[kind] += delta->size;
    w->hold += delta->size + (w->last_base == delta->base ? 0 : (int64_t)from_size); /* a batch keeps what its objects are to be made of */
    w->last_base = delta->base;
    return GOOD;
}

/* Make an object's content. */
int troth_item(Walker *w, Item *item)
{
    if (item->data)
        return GOOD;
    if (!item->delta) {
        item->data = PyBytes_FromStringAndSize((const char *)w->text + item->at, (Py_ssize_t)item->size);
        return item->data ? GOOD : RAISED;
    }
    Delta delta = {item->from, (const uint8_t *)PyBytes_AsString(item->delta), (size_t)PyBytes_Size(item->delta), item->start, item->size};
    return troth_result(&delta, &item->data);
}

/* Note a whole entry from which nothing is made; a small one is inflated where it is looked at. */
int troth_take_whole(Walker *w, int32_t k, int kind)
{
    int64_t size = wide(&w->size, k);
    PyObject *data = NULL;
    int answer;
    if (size > TOGETHER || size == 0 || small(&w->want, k) != 1) {
        answer = troth_entry(w, k, &data);
        if (answer == GOOD)
            answer = troth_take(w, k, -1, kind, data, NULL);
        Py_XDECREF(data);
        return answer;
    }
    if (!troth_unpacks(w, k))
        return DAMAGED;
    if (text_room(w, size))
        return RAISED;
    if (troth_unpack(w, k, w->text + w->text_length))
        return DAMAGED;
    w->expanded += size;
    w->objects[kind]++;
    w->bytes[kind] += size;
    w->hold += size;
    if (new_item(w, k, -1, kind, NULL, size) || (kind == BLOB && contained(w, w->text + w->text_length, size)))
        return RAISED;
    return new_part(w, NULL, 0, size);
}

/* Note the delta of a tree as it stands: names are literal in it. */
int troth_take_fragment(Walker *w, int32_t k)
{
    int64_t size = wide(&w->size, k);
    if (!troth_unpacks(w, k))
        return DAMAGED;
    if (text_room(w, size))
        return RAISED;
    if (w->item_count) {
        memcpy(w->text + w->text_length, "\0\n\0", 3);
        w->text_length += 3;
    }
    if (troth_unpack(w, k, w->text + w->text_length)) {
        w->text_length -= w->item_count ? 3 : 0;
        return DAMAGED;
    }
    if (new_item(w, k, -1, TREE, NULL, size))
        return RAISED;
    w->text_length += size;
    w->look += size;
    return GOOD;
}
