/* What Python asks about the batch at hand: which object an offset in the text belongs to, its content, its parts. */
#include "module.h"

static Item *item_of(Walker *w, PyObject *number)
{
    size_t place = PyLong_AsSize_t(number);
    if (PyErr_Occurred())
        return NULL;
    if (place >= w->item_count) {
        PyErr_SetString(PyExc_IndexError, "no such object in this batch");
        return NULL;
    }
    return &w->items[place];
}

/* where(end) -> (object, offset in it): the part in which something lies that ends at an offset of the text. */
static PyObject *view_where(PyObject *self, PyObject *offset)
{
    Walker *w = (Walker *)self;
    long long end = PyLong_AsLongLong(offset);
    if (end == -1 && PyErr_Occurred())
        return NULL;
    size_t low = 0, high = w->part_count;
    while (low < high) { /* the first part that begins at `end` or behind it */
        size_t middle = low + (high - low) / 2;
        if (w->parts[middle].begin < end)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low) {
        PyErr_SetString(PyExc_IndexError, "no part ends there");
        return NULL;
    }
    const Part *part = &w->parts[low - 1];
    return Py_BuildValue("(nL)", (Py_ssize_t)part->item, (long long)part->low + end - part->begin);
}

/* item(number) -> (entry, base or -1, kind, content) */
static PyObject *view_item(PyObject *self, PyObject *number)
{
    Walker *w = (Walker *)self;
    Item *item = item_of(w, number);
    if (!item)
        return NULL;
    int answer = troth_item(w, item);
    if (answer == DAMAGED) /* cannot be: it was checked, and is our own copy */
        PyErr_SetString(PyExc_RuntimeError, "a delta that was checked cannot be applied");
    return answer == GOOD ? Py_BuildValue("(iiiO)", (int)item->entry, (int)item->base, item->kind, item->data) : NULL;
}

static int append(PyObject *list, PyObject *value)
{
    int failed = !value || PyList_Append(list, value);
    Py_XDECREF(value);
    return failed;
}

/* ranges(number) -> [(low, high), ...] of the object that are looked at */
static PyObject *view_ranges(PyObject *self, PyObject *number)
{
    Walker *w = (Walker *)self;
    Item *item = item_of(w, number);
    PyObject *list = item ? PyList_New(0) : NULL;
    for (size_t i = 0; list && i < item->parts; i++) {
        const Part *part = &w->parts[item->part + i];
        if (append(list, Py_BuildValue("(LL)", (long long)part->low, (long long)(part->low + part->length))))
            Py_CLEAR(list);
    }
    return list;
}

/* parts(apart) -> [(object, low, length, place in the text or -1), ...]: all, or only those that are not in the text */
static PyObject *view_parts(PyObject *self, PyObject *apart)
{
    Walker *w = (Walker *)self;
    int only = PyObject_IsTrue(apart);
    PyObject *list = only < 0 ? NULL : PyList_New(0);
    for (size_t i = 0; list && i < w->part_count; i++) {
        const Part *part = &w->parts[i];
        if (only && !part->apart)
            continue;
        long long place = part->apart ? -1 : (long long)part->begin;
        if (append(list, Py_BuildValue("(nLLL)", (Py_ssize_t)part->item, (long long)part->low, (long long)part->length, place)))
            Py_CLEAR(list);
    }
    return list;
}

/* fragments() -> [(entry, bytes), ...] of a batch of NAMES */
static PyObject *view_fragments(PyObject *self, PyObject *nothing)
{
    Walker *w = (Walker *)self;
    PyObject *list = PyList_New(0);
    (void)nothing;
    for (size_t i = 0; list && w->names && i < w->item_count; i++) {
        const Item *item = &w->items[i];
        if (append(list, Py_BuildValue("(iy#)", (int)item->entry, (const char *)w->text + item->at, (Py_ssize_t)item->size)))
            Py_CLEAR(list);
    }
    return list;
}

/* places() -> {entry: number} of the objects of which only parts are looked at */
static PyObject *view_places(PyObject *self, PyObject *nothing)
{
    Walker *w = (Walker *)self;
    PyObject *found = PyDict_New();
    (void)nothing;
    for (size_t i = 0; found && i < w->item_count; i++) {
        if (w->items[i].base < 0)
            continue;
        PyObject *entry = PyLong_FromLong(w->items[i].entry), *number = PyLong_FromSize_t(i);
        if (!entry || !number || PyDict_SetItem(found, entry, number))
            Py_CLEAR(found);
        Py_XDECREF(entry);
        Py_XDECREF(number);
    }
    return found;
}

static PyObject *view_containers(PyObject *self, PyObject *nothing)
{
    PyObject *list = ((Walker *)self)->containers;
    (void)nothing;
    return PyList_GetSlice(list, 0, PyList_Size(list));
}

/* events() -> [(entry, reason, again, about), ...] since it was asked last */
static PyObject *view_events(PyObject *self, PyObject *nothing)
{
    Walker *w = (Walker *)self;
    PyObject *found = w->events, *fresh = PyList_New(0);
    (void)nothing;
    if (!fresh)
        return NULL;
    w->events = fresh;
    return found;
}

/* totals() -> (objects by kind, bytes by kind, all bytes), each kind by its number - 1 */
static PyObject *view_totals(PyObject *self, PyObject *nothing)
{
    Walker *w = (Walker *)self;
    const int64_t *n = w->objects, *b = w->bytes;
    (void)nothing;
    return Py_BuildValue(
        "((LLLL)(LLLL)L)", (long long)n[1], (long long)n[2], (long long)n[3], (long long)n[4], (long long)b[1], (long long)b[2], (long long)b[3], (long long)b[4],
        (long long)w->expanded
    );
}

static PyObject *view_count(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    return PyLong_FromSize_t(((Walker *)self)->item_count);
}

static PyObject *view_large(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    return PyLong_FromLong(((Walker *)self)->large);
}

static PyObject *view_spent(PyObject *self, PyObject *bytes)
{
    long long more = PyLong_AsLongLong(bytes);
    if (more == -1 && PyErr_Occurred())
        return NULL;
    ((Walker *)self)->expanded += more;
    Py_RETURN_NONE;
}

PyMethodDef troth_view_methods[] = {
    {"count", view_count, METH_NOARGS, "How many objects there are."},
    {"where", view_where, METH_O, "The object, and the offset in it, for something that ends at an offset of the text."},
    {"item", view_item, METH_O, "Entry, base (-1: all of it is looked at), kind and content of an object."},
    {"ranges", view_ranges, METH_O, "Which parts of an object are looked at."},
    {"parts", view_parts, METH_O, "Parts of all objects; with True only those that are not in the text."},
    {"fragments", view_fragments, METH_NOARGS, "Entries and contents of a batch of names."},
    {"places", view_places, METH_NOARGS, "Numbers by entry, of the objects that are looked at in part."},
    {"containers", view_containers, METH_NOARGS, "Numbers of the blobs that begin like a container."},
    {"events", view_events, METH_NOARGS, "What could not be read since this was asked last."},
    {"totals", view_totals, METH_NOARGS, "Objects and bytes by kind since `start`, and all bytes."},
    {"large", view_large, METH_NOARGS, "The entry that is to be streamed."},
    {"spent", view_spent, METH_O, "Count bytes that were streamed."},
    {NULL, NULL, 0, NULL},
};
