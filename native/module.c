/* The module: the walk, the survey, and the single steps for tests and for objects that are read one at a time. */
#include "module.h"

#include "inflate.h"
#include "survey.h"

#ifndef TROTH_SOURCES
#define TROTH_SOURCES "unknown"
#endif

/* inflate(packed, size) -> bytes, or None where the stream is damaged or makes anything but `size` bytes */
static PyObject *native_inflate(PyObject *module, PyObject *args)
{
    Py_buffer packed;
    Py_ssize_t size;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*n", &packed, &size))
        return NULL;
    PyObject *found = NULL;
    int good = size >= 0 && troth_can_make((size_t)packed.len, (size_t)size);
    if (good)
        found = PyBytes_FromStringAndSize(NULL, size);
    if (found)
        good = !troth_inflate(packed.buf, (size_t)packed.len, (uint8_t *)PyBytes_AsString(found), (size_t)size);
    PyBuffer_Release(&packed);
    if (good)
        return found; /* NULL where memory ran out */
    Py_XDECREF(found);
    Py_RETURN_NONE;
}

/* apply(base, delta, limit) -> bytes, or None where the delta is damaged, made for another base, or makes more than `limit` bytes */
static PyObject *native_apply(PyObject *module, PyObject *args)
{
    Py_buffer base, delta;
    Py_ssize_t limit;
    uint64_t base_size, size;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*y*n", &base, &delta, &limit))
        return NULL;
    PyObject *found = NULL;
    size_t start = troth_delta_sizes(delta.buf, (size_t)delta.len, &base_size, &size);
    int good = start && base_size == (uint64_t)base.len && limit >= 0 && size <= (uint64_t)limit && !troth_delta_check(delta.buf, (size_t)delta.len, start, base_size, size, 0, NULL);
    if (good)
        found = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (found)
        good = !troth_delta_apply(base.buf, (size_t)base.len, delta.buf, (size_t)delta.len, start, (uint8_t *)PyBytes_AsString(found), (size_t)size);
    PyBuffer_Release(&base);
    PyBuffer_Release(&delta);
    if (good)
        return found;
    Py_XDECREF(found);
    Py_RETURN_NONE;
}

/* changed(delta, margin) -> [(low, high), ...], or None where the delta is damaged */
static PyObject *native_changed(PyObject *module, PyObject *args)
{
    Py_buffer delta;
    long long margin;
    uint64_t base_size, size;
    Ranges ranges = {NULL, 0, 0};
    (void)module;
    if (!PyArg_ParseTuple(args, "y*L", &delta, &margin))
        return NULL;
    size_t start = troth_delta_sizes(delta.buf, (size_t)delta.len, &base_size, &size);
    int failed = !start || margin < 0 || margin > INT32_MAX ? -1 : troth_delta_check(delta.buf, (size_t)delta.len, start, base_size, size, margin, &ranges);
    PyBuffer_Release(&delta);
    PyObject *list = failed ? NULL : PyList_New((Py_ssize_t)ranges.count);
    for (size_t i = 0; list && i < ranges.count; i++) {
        PyObject *range = Py_BuildValue("(LL)", (long long)ranges.items[i].low, (long long)ranges.items[i].high);
        if (!range || PyList_SetItem(list, (Py_ssize_t)i, range))
            Py_CLEAR(list);
    }
    troth_ranges_free(&ranges);
    if (failed == -2)
        return PyErr_NoMemory();
    if (failed)
        Py_RETURN_NONE;
    return list;
}

static int sized(const Py_buffer *buffer, Py_ssize_t wanted, int writable)
{
    if (buffer->len == wanted && (!writable || !buffer->readonly))
        return 1;
    PyErr_SetString(PyExc_ValueError, "an array has another length than the index");
    return 0;
}

/* survey(pack, end, (offsets, names, fan), (order, start, kind, size, at, base, first, next)) -> whether anything is odd */
static PyObject *native_survey(PyObject *module, PyObject *args)
{
    Py_buffer b[12]; /* pack, offsets, names, fan; then what is filled */
    Py_ssize_t end, i;
    static const Py_ssize_t WIDTHS[8] = {4, 8, 1, 8, 8, 4, 4, 4};
    (void)module;
    if (!PyArg_ParseTuple(args, "y*n(y*y*y*)(w*w*w*w*w*w*w*w*)", &b[0], &end, &b[1], &b[2], &b[3], &b[4], &b[5], &b[6], &b[7], &b[8], &b[9], &b[10], &b[11]))
        return NULL;
    Py_ssize_t count = b[1].len / 8;
    int good = sized(&b[1], count * 8, 0) && sized(&b[3], 256 * 8, 0) && end >= 0 && end <= b[0].len && count <= INT32_MAX;
    for (i = 0; good && i < 8; i++)
        good = sized(&b[4 + i], count * WIDTHS[i], 1);
    Py_ssize_t width = good && count ? b[2].len / count : 20;
    good = good && width > 0 && width <= 64 && sized(&b[2], count * width, 0);
    const int64_t *fan = b[3].buf;
    for (i = 0; good && i < 256; i++)
        good = fan[i] >= (i ? fan[i - 1] : 0) && fan[i] <= count;
    int odd = -1;
    if (good) {
        PackView pack = {b[0].buf, (size_t)end, (size_t)count, b[1].buf, b[2].buf, (size_t)width, fan};
        Headers found = {b[4].buf, b[5].buf, b[6].buf, b[7].buf, b[8].buf, b[9].buf, b[10].buf, b[11].buf};
        odd = troth_survey(&pack, &found);
    }
    for (i = 0; i < 12; i++)
        PyBuffer_Release(&b[i]);
    if (odd == -2)
        return PyErr_NoMemory();
    if (odd < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "not what a survey is made of");
        return NULL;
    }
    return PyBool_FromLong(odd);
}

static PyMethodDef METHODS[] = {
    {"inflate", native_inflate, METH_VARARGS, "Inflate one zlib stream; None where it is damaged or has another length."},
    {"apply", native_apply, METH_VARARGS, "Apply a delta; None where it is damaged."},
    {"changed", native_changed, METH_VARARGS, "Parts of a delta's result that its base does not have; None where it is damaged."},
    {"survey", native_survey, METH_VARARGS, "Read the headers of all entries."},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    troth_inflate_prepare();
    PyObject *type = troth_walker_type(module);
    int failed = !type || PyModule_AddObjectRef(module, "Walker", type);
    Py_XDECREF(type);
    return failed || PyModule_AddIntConstant(module, "API", 1) || PyModule_AddIntConstant(module, "DONE", DONE) || PyModule_AddIntConstant(module, "LOOK", LOOK) || PyModule_AddIntConstant(module, "LARGE", LARGE)
               || PyModule_AddIntConstant(module, "NAMES", NAMES) || PyModule_AddStringConstant(module, "SOURCES", TROTH_SOURCES)
               ? -1
               : 0;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, (void *)execute}, {0, NULL}};
static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_native", "Reads packs in C: see native/ in the sources.", 0, METHODS, SLOTS, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&MODULE); }
