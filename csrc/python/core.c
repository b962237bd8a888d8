/*
 * core.c - the type Core: one module on its host. A thin layer: checks arguments, gives the GIL
 * away, calls host.c, and turns what comes back into Python. Nothing here waits while it holds a
 * lock.
 */
#include "extension.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct host *spwf_core_open(PyObject *self) {
    struct core *core = (struct core *)self;
    if (core->host.closed) {
        PyErr_SetString(PyExc_ValueError, "the Core is closed");
        return NULL;
    }
    if (core->process != getpid()) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the Core belongs to the process that made it, not to a fork");
        return NULL;
    }
    return &core->host;
}

int spwf_core_check(struct core *self) {
    int error = self->host.world.error;
    if (error == 0) {
        return 0;
    }
    self->host.world.error = 0;
    if (error != EMFILE) {
        errno = error;
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    spwf_options_raise(error,
                       PyUnicode_FromFormat("the process has all the %llu files that RLIMIT_NOFILE "
                                            "allows; raise it (ulimit -n, resource.setrlimit)",
                                            (unsigned long long)limit.rlim_cur),
                       NULL);
    return -1;
}

void spwf_core_enter(struct host *h) {
    if (pthread_mutex_trylock(&h->lock) != 0) {
        Py_BEGIN_ALLOW_THREADS
        spwf_host_enter(h);
        Py_END_ALLOW_THREADS
    }
}

void spwf_core_leave(struct host *h) {
    pthread_mutex_unlock(&h->lock);
}

static PyObject *none_or_error(PyObject *self) {
    if (spwf_core_check((struct core *)self) != 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- life ------------------------ */

static PyObject *core_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    struct state *state = PyType_GetModuleState(type);
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *self = allocate(type, 0);
    if (self != NULL && spwf_options_open((struct core *)self, state->pool, args, kwargs) != 0) {
        Py_DECREF(self);
        return NULL;
    }
    return self;
}

static void core_dealloc(PyObject *self) {
    struct core *core = (struct core *)self;
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    if (core->process != 0) {
        spwf_host_free(&core->host, core->process != getpid());
    }
    release(self);
    Py_DECREF(type);
}

static PyObject *core_close(PyObject *self, PyObject *Py_UNUSED(ignored)) {
    struct core *core = (struct core *)self;
    if (core->process == getpid() && !core->host.closed) {
        Py_BEGIN_ALLOW_THREADS
        spwf_host_close(&core->host);
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

static PyObject *core_power(PyObject *self, PyObject *argument) {
    struct host *h = spwf_core_open(self);
    int on = PyObject_IsTrue(argument), error;
    if (h == NULL || on < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    error = spwf_host_power(h, on != 0);
    Py_END_ALLOW_THREADS
    if (error == SPWF_E_NO_ROOM) {
        return PyErr_NoMemory();
    }
    if (error != SPWF_OK) {
        return PyErr_Format(PyExc_RuntimeError, "the module does not start: %s",
                            spwf_strerror(error));
    }
    return none_or_error(self);
}

/* ---------------------------------------------------------------- the UART -------------------- */

static PyObject *core_write(PyObject *self, PyObject *argument) {
    struct host *h = spwf_core_open(self);
    Py_buffer data;
    bool done;
    if (h == NULL || PyObject_GetBuffer(argument, &data, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    Py_ssize_t size = data.len;
    Py_BEGIN_ALLOW_THREADS
    done = spwf_host_write(h, data.buf, (size_t)size);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&data);
    if (!done) {
        return PyErr_NoMemory();
    }
    return spwf_core_check((struct core *)self) == 0 ? PyLong_FromSsize_t(size) : NULL;
}

/* Until `size` bytes are there, or the time is over, or a read was ended: 0; -1: an exception is
 * set. */
static int wait_for(PyObject *self, size_t size, uint64_t deadline, bool reading) {
    struct host *h = &((struct core *)self)->host;
    enum host_end end;
    do {
        Py_BEGIN_ALLOW_THREADS
        end = spwf_host_until(h, size, deadline, reading);
        Py_END_ALLOW_THREADS
        if (end == HOST_INTERRUPTED && PyErr_CheckSignals() != 0) {
            return -1;
        }
    } while (end == HOST_INTERRUPTED);
    return end == HOST_FAILED ? spwf_core_check((struct core *)self) : 0;
}

/* Whether a read() has what it asks for, so that the module need not be run for it. */
static bool answered(struct host *h, size_t size, uint64_t deadline) {
    spwf_core_enter(h);
    size_t used = h->output.used;
    spwf_core_leave(h);
    return used >= size || (used > 0 && deadline <= spwf_pace_real());
}

static PyObject *core_read(PyObject *self, PyObject *args) {
    struct host *h = spwf_core_open(self);
    PyObject *timeout;
    Py_ssize_t size;
    uint64_t deadline;
    if (h == NULL || !PyArg_ParseTuple(args, "nO:read", &size, &timeout) ||
        spwf_options_deadline(timeout, &deadline) != 0) {
        return NULL;
    }
    if (size < 0) {
        return PyErr_Format(PyExc_ValueError, "size is %zd; 0 or more is allowed", size);
    }
    if (!answered(h, (size_t)size, deadline) && wait_for(self, (size_t)size, deadline, true) != 0) {
        return NULL;
    }
    spwf_core_enter(h);
    size_t n = h->output.used < (size_t)size ? h->output.used : (size_t)size;
    PyObject *bytes =
        PyBytes_FromStringAndSize((const char *)spwf_queue_front(&h->output), (Py_ssize_t)n);
    if (bytes != NULL) {
        spwf_queue_drop(&h->output, n);
        spwf_pollable_update(h);
    }
    spwf_core_leave(h);
    return bytes;
}

static PyObject *core_run(PyObject *self, PyObject *timeout) {
    struct host *h = spwf_core_open(self);
    uint64_t deadline;
    if (h == NULL || spwf_options_deadline(timeout, &deadline) != 0 ||
        wait_for(self, 1, deadline, false) != 0) {
        return NULL;
    }
    spwf_core_enter(h);
    bool output = h->output.used > 0;
    spwf_core_leave(h);
    return PyBool_FromLong(output);
}

static PyObject *core_wake(PyObject *self, PyObject *Py_UNUSED(ignored)) {
    struct host *h = spwf_core_open(self);
    if (h == NULL) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    spwf_host_cancel(h);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *core_plug(PyObject *self, PyObject *argument) {
    struct host *h = spwf_core_open(self);
    int in = PyObject_IsTrue(argument);
    if (h == NULL || in < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    spwf_host_plug(h, in != 0);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *core_reset_input(PyObject *self, PyObject *Py_UNUSED(ignored)) {
    struct host *h = spwf_core_open(self);
    if (h == NULL) {
        return NULL;
    }
    spwf_core_enter(h);
    spwf_queue_clear(&h->output);
    spwf_pollable_update(h);
    spwf_core_leave(h);
    Py_RETURN_NONE;
}

static PyObject *core_in_waiting(PyObject *self, void *Py_UNUSED(closure)) {
    struct host *h = spwf_core_open(self);
    if (h == NULL) {
        return NULL;
    }
    size_t used;
    Py_BEGIN_ALLOW_THREADS
    spwf_host_enter(h);
    spwf_host_run(h);
    used = h->output.used;
    spwf_host_leave(h);
    Py_END_ALLOW_THREADS
    return spwf_core_check((struct core *)self) == 0 ? PyLong_FromSize_t(used) : NULL;
}

static PyObject *core_fileno(PyObject *self, PyObject *Py_UNUSED(ignored)) {
    struct host *h = spwf_core_open(self);
    if (h == NULL) {
        return NULL;
    }
    spwf_core_enter(h);
    int fd = spwf_pollable_fileno(h);
    spwf_core_leave(h);
    return fd >= 0 ? PyLong_FromLong(fd) : PyErr_SetFromErrno(PyExc_OSError);
}

/* ---------------------------------------------------------------- the world ------------------- */

static PyObject *core_skip(PyObject *self, PyObject *seconds) {
    struct host *h = spwf_core_open(self);
    uint64_t ns;
    if (h == NULL || spwf_options_seconds(seconds, &ns) != 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    spwf_host_skip(h, ns);
    Py_END_ALLOW_THREADS
    return none_or_error(self);
}

static PyObject *core_link(PyObject *self, PyObject *argument) {
    struct host *h = spwf_core_open(self);
    int up = PyObject_IsTrue(argument);
    if (h == NULL || up < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    spwf_host_link(h, up != 0);
    Py_END_ALLOW_THREADS
    return none_or_error(self);
}

static PyObject *core_time(PyObject *self, void *Py_UNUSED(closure)) {
    struct host *h = spwf_core_open(self);
    if (h == NULL) {
        return NULL;
    }
    spwf_core_enter(h);
    uint64_t now = spwf_pace_now(&h->world.pace);
    spwf_core_leave(h);
    return PyFloat_FromDouble((double)now / 1e9);
}

static PyObject *core_heap(PyObject *self, void *Py_UNUSED(closure)) {
    struct host *h = spwf_core_open(self);
    if (h == NULL) {
        return NULL;
    }
    spwf_core_enter(h);
    struct heap heap = h->world.heap;
    spwf_core_leave(h);
    return Py_BuildValue("nnn", (Py_ssize_t)heap.live, (Py_ssize_t)heap.peak,
                         (Py_ssize_t)heap.blocks);
}

static PyObject *core_flash(PyObject *self, void *Py_UNUSED(closure)) {
    struct host *h = spwf_core_open(self);
    if (h == NULL) {
        return NULL;
    }
    spwf_core_enter(h);
    unsigned long long programs = h->world.nv.programs, erases = h->world.nv.erases;
    spwf_core_leave(h);
    return Py_BuildValue("KK", programs, erases);
}

static PyObject *core_outcome(PyObject *self, void *Py_UNUSED(closure)) {
    struct host *h = spwf_core_open(self);
    struct spwf_outcome o = {0};
    if (h == NULL) {
        return NULL;
    }
    spwf_core_enter(h);
    if (h->module != NULL) {
        o = *spwf_outcome(h->module);
    }
    spwf_core_leave(h);
    if (o.count == 0) {
        Py_RETURN_NONE;
    }
    PyObject *subject =
        PyUnicode_DecodeUTF8(o.subject, (Py_ssize_t)strnlen(o.subject, sizeof o.subject),
                             "replace"); /* it may be cut inside a character */
    if (subject == NULL) {
        return NULL;
    }
    return Py_BuildValue(
        "{sI si si sN si si si si si si si sI sI sI sI sN}", "count", o.count, "cause", o.cause,
        "mode", o.mode, "connected", PyBool_FromLong(o.connected), "depth", o.depth, "version",
        o.version, "suite", o.suite, "group", o.group, "alert_sent", o.alert_sent, "alert_received",
        o.alert_received, "detail", o.detail, "notes", o.notes, "peak_heap", o.peak_heap, "sent",
        o.sent, "received", o.received, "subject", subject);
}

/* ---------------------------------------------------------------- the type -------------------- */

static PyMethodDef methods[] = {
    {"power", core_power, METH_O, NULL},
    {"write", core_write, METH_O, NULL},
    {"read", core_read, METH_VARARGS, NULL},
    {"run", core_run, METH_O, NULL},
    {"wake", core_wake, METH_NOARGS, NULL},
    {"plug", core_plug, METH_O, NULL},
    {"reset_input", core_reset_input, METH_NOARGS, NULL},
    {"fileno", core_fileno, METH_NOARGS, NULL},
    {"close", core_close, METH_NOARGS, NULL},
    {"tap", spwf_tap_switch, METH_O, NULL},
    {"tapped", spwf_tap_take, METH_O, NULL},
    {"skip", core_skip, METH_O, NULL},
    {"link", core_link, METH_O, NULL},
    {"peer_accept", spwf_peers_accept, METH_VARARGS, NULL},
    {"peer_write", spwf_peers_write, METH_VARARGS, NULL},
    {"peer_read", spwf_peers_read, METH_VARARGS, NULL},
    {"peer_close", spwf_peers_close, METH_VARARGS, NULL},
    {0},
};

static PyGetSetDef properties[] = {
    {"in_waiting", core_in_waiting, NULL, NULL, NULL},
    {"time", core_time, NULL, NULL, NULL},
    {"heap", core_heap, NULL, NULL, NULL},
    {"flash", core_flash, NULL, NULL, NULL},
    {"outcome", core_outcome, NULL, NULL, NULL},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "One emulated SPWF01S: see spwf/_core.pyi."},
    {Py_tp_new, core_new},
    {Py_tp_dealloc, core_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {0, NULL},
};

PyType_Spec spwf_core_spec = {
    .name = "spwf._core.Core",
    .basicsize = sizeof(struct core),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
