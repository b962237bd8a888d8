/*
 * loop.c - the type Loop: many Cores behind one epoll. A thin layer over csrc/port/loop.c, which
 * keeps a pointer to each Core; the reference that belongs to it is taken by add() and given back
 * by discard().
 */
#include "extension.h"

#include <errno.h>
#include <unistd.h>

struct loop_object {
    PyObject_HEAD struct loop *loop;
    pid_t process; /* that made it */
    bool running;  /* from a run()'s begin until it has its list; the GIL guards it */
};

static PyTypeObject *core_type(PyObject *self) {
    return ((struct state *)PyType_GetModuleState(Py_TYPE(self)))->core_type;
}

static struct loop *open_loop(PyObject *self) {
    struct loop_object *object = (struct loop_object *)self;
    if (object->process != getpid()) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the Loop belongs to the process that made it, not to a fork");
        return NULL;
    }
    return object->loop;
}

static PyObject *loop_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {NULL};
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":Loop", names)) {
        return NULL;
    }
    struct loop_object *self = (struct loop_object *)allocate(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->process = getpid();
    self->loop = spwf_loop_new();
    if (self->loop == NULL) {
        PyErr_SetFromErrno(PyExc_OSError);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int loop_traverse(PyObject *self, visitproc visit, void *arg) {
    const struct loop *loop = ((struct loop_object *)self)->loop;
    PyObject *core;
    size_t i = 0;
    Py_VISIT(Py_TYPE(self));
    while (loop != NULL && (core = spwf_loop_each(loop, &i)) != NULL) {
        Py_VISIT(core);
    }
    return 0;
}

static int loop_clear(PyObject *self) {
    struct loop_object *object = (struct loop_object *)self;
    struct loop *loop = object->loop;
    struct core *core;
    size_t i = 0;
    if (loop == NULL) {
        return 0;
    }
    object->loop = NULL;
    while ((core = spwf_loop_each(loop, &i)) != NULL) {
        if (object->process == getpid()) {
            spwf_loop_discard(loop, &core->host);
        } else {
            core->host.loop =
                NULL; /* the epoll is shared with the original, which still needs it */
        }
        Py_DECREF((PyObject *)core);
    }
    spwf_loop_free(loop);
    return 0;
}

static void loop_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    PyObject_GC_UnTrack(self);
    loop_clear(self);
    release(self);
    Py_DECREF(type);
}

static struct core *member(PyObject *self, PyObject *core) {
    if (Py_TYPE(core) != core_type(self)) {
        PyErr_Format(PyExc_TypeError, "a Core is wanted: %R", core);
        return NULL;
    }
    return (struct core *)core;
}

static PyObject *loop_add(PyObject *self, PyObject *argument) {
    struct loop *loop = open_loop(self);
    struct core *core = loop != NULL ? member(self, argument) : NULL;
    if (core == NULL) {
        return NULL;
    }
    if (core->host.closed || core->process != getpid()) {
        return PyErr_Format(PyExc_ValueError, "the Core is closed");
    }
    if (core->host.loop == loop) {
        Py_RETURN_NONE;
    }
    int error = spwf_loop_add(loop, &core->host, core);
    if (error == EEXIST) {
        return PyErr_Format(PyExc_ValueError, "the Core is in another Loop");
    }
    if (error != 0) {
        errno = error;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_INCREF(argument);
    Py_RETURN_NONE;
}

static PyObject *loop_discard(PyObject *self, PyObject *argument) {
    struct loop *loop = open_loop(self);
    struct core *core = loop != NULL ? member(self, argument) : NULL;
    if (core == NULL) {
        return NULL;
    }
    if (spwf_loop_discard(loop, &core->host)) {
        Py_DECREF(argument);
    }
    Py_RETURN_NONE;
}

static PyObject *found(struct loop *loop) {
    PyObject *list = PyList_New(0);
    void *owner;
    for (size_t i = 0; list != NULL && spwf_loop_found(loop, i, &owner); i++) {
        if (owner != NULL && (spwf_core_check(owner) != 0 || PyList_Append(list, owner) != 0)) {
            Py_CLEAR(list);
        }
    }
    return list;
}

/* NULL: a signal's handler raised an exception. */
static PyObject *run_until(struct loop *loop, uint64_t deadline) {
    enum host_end end;
    do {
        Py_BEGIN_ALLOW_THREADS
        end = spwf_loop_run(loop, deadline);
        Py_END_ALLOW_THREADS
        if (end == HOST_INTERRUPTED && PyErr_CheckSignals() != 0) {
            return NULL;
        }
    } while (end == HOST_INTERRUPTED);
    return found(loop);
}

static PyObject *loop_run(PyObject *self, PyObject *timeout) {
    struct loop_object *object = (struct loop_object *)self;
    struct loop *loop = open_loop(self);
    uint64_t deadline;
    if (loop == NULL || spwf_options_deadline(timeout, &deadline) != 0) {
        return NULL;
    }
    if (object->running) {
        return PyErr_Format(PyExc_RuntimeError, "another run() of this Loop has not ended");
    }
    object->running = true;
    PyObject *list = run_until(loop, deadline);
    object->running = false;
    return list;
}

static PyMethodDef methods[] = {
    {"add", loop_add, METH_O, NULL},
    {"discard", loop_discard, METH_O, NULL},
    {"run", loop_run, METH_O, NULL},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Many Cores behind one epoll: see spwf/_core.pyi."},
    {Py_tp_new, loop_new},
    {Py_tp_dealloc, loop_dealloc},
    {Py_tp_traverse, loop_traverse},
    {Py_tp_clear, loop_clear},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec spwf_loop_spec = {
    .name = "spwf._core.Loop",
    .basicsize = sizeof(struct loop_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
