/* The type `Walker` as Python sees it. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    size_t place;
    Py_ssize_t width;
    int writable;
} ARRAYS[] = {
    {offsetof(Walker, at), 8, 0},    {offsetof(Walker, end), 8, 0},  {offsetof(Walker, size), 8, 0}, {offsetof(Walker, first), 4, 0}, {offsetof(Walker, next), 4, 0},
    {offsetof(Walker, base), 4, 0}, {offsetof(Walker, kind), 1, 0}, {offsetof(Walker, want), 1, 0}, {offsetof(Walker, marks), 1, 0},
};
#define MANY (sizeof ARRAYS / sizeof *ARRAYS)

static void numbers_free(Numbers *numbers)
{
    free(numbers->items);
    memset(numbers, 0, sizeof *numbers);
}

static void walker_free(Walker *w)
{
    troth_forget(w);
    Py_CLEAR(w->parent.data);
    while (w->nodes)
        Py_CLEAR(w->stack[--w->nodes].data);
    numbers_free(&w->roots);
    numbers_free(&w->alone);
    numbers_free(&w->trees);
    numbers_free(&w->below);
    free(w->stack);
    free(w->items);
    free(w->parts);
    free(w->text);
    free(w->scratch);
    free(w->ranges.items);
    Py_CLEAR(w->events);
    Py_CLEAR(w->containers);
    if (w->pack.obj)
        PyBuffer_Release(&w->pack);
    for (size_t i = 0; i < MANY; i++) {
        Py_buffer *buffer = (Py_buffer *)((char *)w + ARRAYS[i].place);
        if (buffer->obj)
            PyBuffer_Release(buffer);
    }
}

static void walker_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    walker_free((Walker *)self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static int magics_from(Walker *w, PyObject *magics)
{
    Py_ssize_t many = PyTuple_Size(magics);
    if (many < 0 || many > MAGICS) {
        if (many > MAGICS)
            PyErr_SetString(PyExc_ValueError, "too many magics");
        return -1;
    }
    for (Py_ssize_t i = 0; i < many; i++) {
        char *bytes;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(magics, i), &bytes, &length))
            return -1;
        if (length < 1 || length > MAGIC_BYTES) {
            PyErr_SetString(PyExc_ValueError, "a magic has 1 to 8 bytes");
            return -1;
        }
        memcpy(w->magic[i], bytes, (size_t)length);
        w->magic_length[i] = (uint8_t)length;
    }
    w->magics = (unsigned)many;
    return 0;
}

/* Walker(pack, (at, end, size, first, next, base, kind, want, marks), (object_bytes, held_bytes, expanded_bytes, depth, margin), magics) */
static PyObject *walker_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    PyObject *pack, *arrays, *magics;
    long long object_bytes, held_bytes, expanded_bytes, margin;
    int depth;
    if (named && PyDict_Size(named)) {
        PyErr_SetString(PyExc_TypeError, "Walker takes no named arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "OO!(LLLiL)O!", &pack, &PyTuple_Type, &arrays, &object_bytes, &held_bytes, &expanded_bytes, &depth, &margin, &PyTuple_Type, &magics))
        return NULL;
    if (PyTuple_Size(arrays) != (Py_ssize_t)MANY || object_bytes < 0 || object_bytes > INT32_MAX || margin < 0) {
        PyErr_SetString(PyExc_ValueError, "not what a walk is made of");
        return NULL;
    }
    Walker *w = (Walker *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!w)
        return NULL;
    w->parent.entry = -1;
    w->phase = FINISHED;
    w->object_bytes = object_bytes;
    w->held_bytes = held_bytes;
    w->expanded_bytes = expanded_bytes;
    w->depth_limit = depth;
    w->margin = margin > INT64_MAX / 8 ? INT64_MAX / 8 : margin;
    int failed = magics_from(w, magics) || PyObject_GetBuffer(pack, &w->pack, PyBUF_SIMPLE);
    for (size_t i = 0; !failed && i < MANY; i++) {
        Py_buffer *buffer = (Py_buffer *)((char *)w + ARRAYS[i].place);
        failed = PyObject_GetBuffer(PyTuple_GetItem(arrays, (Py_ssize_t)i), buffer, PyBUF_SIMPLE);
        if (!failed && !i)
            w->entries = buffer->len / ARRAYS[i].width;
        if (!failed && (buffer->len != w->entries * ARRAYS[i].width || w->entries > INT32_MAX)) {
            PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
            failed = 1;
        }
    }
    if (!failed)
        failed = !(w->events = PyList_New(0)) || !(w->containers = PyList_New(0));
    if (failed) {
        Py_DECREF(w);
        return NULL;
    }
    return (PyObject *)w;
}

static int begin(Walker *w, PyObject *roots)
{
    Py_ssize_t many = PyTuple_Size(roots);
    w->phase = FINISHED;
    while (w->nodes)
        Py_CLEAR(w->stack[--w->nodes].data);
    Py_CLEAR(w->parent.data);
    w->parent.entry = -1;
    w->roots.count = w->alone.count = w->trees.count = w->below.count = w->position = 0;
    w->pending = w->expanded = w->held = 0;
    memset(w->objects, 0, sizeof w->objects);
    memset(w->bytes, 0, sizeof w->bytes);
    for (Py_ssize_t i = 0; i < many; i++) {
        long number = PyLong_AsLong(PyTuple_GetItem(roots, i));
        if (number < 0 || number >= w->entries) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "no such entry");
            return -1;
        }
        if (troth_number(&w->roots, (int32_t)number))
            return -1;
    }
    w->phase = FAMILIES;
    return 0;
}

static PyObject *walker_start(PyObject *self, PyObject *roots)
{
    if (!PyTuple_Check(roots)) {
        PyErr_SetString(PyExc_TypeError, "roots must be a tuple");
        return NULL;
    }
    if (begin((Walker *)self, roots))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *walker_fill(PyObject *self, PyObject *nothing)
{
    Walker *w = (Walker *)self;
    (void)nothing;
    if (w->exports) {
        PyErr_SetString(PyExc_BufferError, "the text of the batch before is still looked at");
        return NULL;
    }
    if (PyList_SetSlice(w->containers, 0, PyList_Size(w->containers), NULL))
        return NULL;
    int answer = troth_fill(w);
    if (answer == RAISED) {
        w->phase = FINISHED;
        return NULL;
    }
    return PyLong_FromLong(answer);
}

static int text_get(PyObject *self, Py_buffer *view, int flags)
{
    Walker *w = (Walker *)self;
    static char nothing[1];
    int failed = PyBuffer_FillInfo(view, self, w->text ? (void *)w->text : nothing, (Py_ssize_t)w->text_length, 1, flags);
    w->exports += !failed;
    return failed;
}

static void text_release(PyObject *self, Py_buffer *view)
{
    (void)view;
    ((Walker *)self)->exports--;
}

static PyMethodDef START[] = {
    {"start", walker_start, METH_O, "Begin a task: a tuple of whole entries."},
    {"fill", walker_fill, METH_NOARGS, "Go on until there is something to be looked at: DONE, LOOK, LARGE or NAMES. Forgets the batch before."},
};

PyObject *troth_walker_type(PyObject *module)
{
    static PyMethodDef methods[20];
    size_t many = sizeof START / sizeof *START;
    memcpy(methods, START, sizeof START);
    for (size_t i = 0; troth_view_methods[i].ml_name && many < 19; i++)
        methods[many++] = troth_view_methods[i];
    PyType_Slot slots[] = {
        {Py_tp_new, (void *)walker_new},
        {Py_tp_dealloc, (void *)walker_dealloc},
        {Py_tp_methods, methods},
        {Py_bf_getbuffer, (void *)text_get},
        {Py_bf_releasebuffer, (void *)text_release},
        {Py_tp_doc, "The walk over the entries of a pack. Its buffer is the text of the batch at hand."},
        {0, NULL},
    };
    PyType_Spec spec = {"troth.engines.packs._native.Walker", sizeof(Walker), 0, Py_TPFLAGS_DEFAULT, slots};
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}
