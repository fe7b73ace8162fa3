#ifndef TROTH_MODULE_H
#define TROTH_MODULE_H

#include "walker.h"

/* view.c: what Python asks about the batch at hand */
extern PyMethodDef troth_view_methods[];

/* type.c */
PyObject *troth_walker_type(PyObject *module);

#endif
