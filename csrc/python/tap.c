/*
 * tap.c - methods of Core that hand out what passes over the module's connections (port/tap.c): tap()
 * and tapped(). Called by core.c's table.
 */
#include "extension.h"

PyObject *spwf_tap_switch(PyObject *self, PyObject *argument) {
    struct host *h = spwf_core_open(self);
    int on = PyObject_IsTrue(argument);
    if (h == NULL || on < 0) {
        return NULL;
    }
    bool changed;
    Py_BEGIN_ALLOW_THREADS
    changed = spwf_host_tap(h, on != 0);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(changed);
}

static PyObject *take(struct host *h) {
    spwf_core_enter(h);
    struct queue *records = &h->world.tap.records;
    bool full = records->used >= TAP_LIMIT;
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)spwf_queue_front(records),
                                                (Py_ssize_t)records->used);
    if (bytes != NULL) {
        spwf_queue_clear(records);
    }
    Py_BEGIN_ALLOW_THREADS
    if (full) {
        spwf_host_run(h); /* it stood still for want of room */
    }
    spwf_host_leave(h);
    Py_END_ALLOW_THREADS
    return bytes;
}

/* Of a closed Core too: how it ended is in the last records. */
PyObject *spwf_tap_take(PyObject *self, PyObject *timeout) {
    struct host *h = &((struct core *)self)->host;
    uint64_t deadline;
    enum host_end end;
    if ((!h->closed && spwf_core_open(self) == NULL) ||
        spwf_options_deadline(timeout, &deadline) != 0) {
        return NULL;
    }
    do {
        Py_BEGIN_ALLOW_THREADS
        end = spwf_host_tapped(h, deadline);
        Py_END_ALLOW_THREADS
        if (end == HOST_INTERRUPTED && PyErr_CheckSignals() != 0) {
            return NULL;
        }
    } while (end == HOST_INTERRUPTED);
    return take(h);
}
